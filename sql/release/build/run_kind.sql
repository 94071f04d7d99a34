-- Whether a run is preliminary or final.
SELECT kind FROM production.run WHERE run_id = %(run_id)s
