-- Published releases drawn from a run: their provenance leads to its rows, which must therefore stay.
SELECT e.name
FROM release.release AS e JOIN release.parent_run AS p USING (release_id)
WHERE p.run_id = %(run_id)s AND e.state = 'published'
ORDER BY e.name
