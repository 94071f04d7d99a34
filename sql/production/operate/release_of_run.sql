-- The release whose sky a run draws.
SELECT e.release_id, e.name
FROM production.run AS r JOIN release.release AS e USING (release_id)
WHERE r.run_id = %(run_id)s
