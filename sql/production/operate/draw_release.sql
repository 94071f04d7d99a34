-- From now on a run draws the sky of a release, and nothing else.
UPDATE production.run SET release_id = %(release_id)s WHERE run_id = %(run_id)s
