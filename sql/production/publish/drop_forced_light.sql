-- Forced measurements of a superseded attempt.
DELETE FROM wsdb.forced_light WHERE attempt_id = %(attempt_id)s
