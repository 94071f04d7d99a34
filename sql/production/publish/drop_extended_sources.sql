-- Extended rows of a superseded attempt.
DELETE FROM wsdb.extended_measurement WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s
