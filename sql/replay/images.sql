-- Image rows of an attempt.
SELECT * FROM wsdb.atlas_image WHERE attempt_id = %(attempt_id)s
