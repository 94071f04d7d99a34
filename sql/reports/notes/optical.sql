-- Distances of released rows from the stars of the reference catalogue, where one star alone is near.
SELECT dist_opt FROM release.psc WHERE release_id = %(release_id)s AND nopt_mchs = 1 ORDER BY pts_key LIMIT 200000
