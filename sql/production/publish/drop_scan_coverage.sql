-- Coverage of a superseded attempt.
DELETE FROM wsdb.scan_coverage WHERE attempt_id = %(attempt_id)s
