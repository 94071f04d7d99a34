-- Image rows of an attempt.
SELECT * FROM wsdb.atlas_measurement WHERE attempt_id = %(attempt_id)s
