-- Stamp rows of an attempt.
SELECT * FROM wsdb.postage_stamp WHERE attempt_id = %(attempt_id)s
