-- Published releases that were drawn from a run, the newest first.
SELECT r.name FROM release.release AS r JOIN release.parent_run AS p USING (release_id)
WHERE p.name = %(run)s AND r.state = 'published'
ORDER BY r.release_id DESC
