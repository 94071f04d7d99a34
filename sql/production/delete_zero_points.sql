-- Take back the zero points of a replaced attempt.
DELETE FROM calibration.zero_point WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s
