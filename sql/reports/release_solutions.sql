-- Photometric solutions of a release, night by night, and whether they were retired since.
SELECT r.name AS run, n.date, n.hemis, s.solution_id, q.kind, q.state, q.retired_because, s.content_hash
FROM release.solution AS s
JOIN production.run AS r USING (run_id)
JOIN survey.night AS n USING (night_id)
JOIN calibration.solution AS q USING (solution_id)
WHERE s.release_id = %(release_id)s
ORDER BY n.date, n.hemis, r.name
