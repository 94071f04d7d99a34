-- Zero points of a superseded attempt.
DELETE FROM calibration.zero_point WHERE attempt_id = %(attempt_id)s
