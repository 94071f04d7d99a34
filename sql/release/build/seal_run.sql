-- Build the positional indexes of a run that has none yet; the rules join sources by position.
SELECT wsdb.seal_run(run_id) FROM production.run WHERE run_id = %(run_id)s AND sealed_at IS NULL
