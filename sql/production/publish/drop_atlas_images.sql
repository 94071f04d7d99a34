-- Image rows of a superseded attempt; the files stay in the store until a sweep.
DELETE FROM wsdb.atlas_measurement WHERE attempt_id = %(attempt_id)s
