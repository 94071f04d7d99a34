-- Solutions that used a standard and are not retired, and the published releases that saw nights through them.
SELECT s.solution_id, s.kind, r.name AS run, n.date, n.hemis, s.state,
       string_agg(DISTINCT u.band, '' ORDER BY u.band) AS bands, max(u.measurements) AS measurements,
       EXISTS (SELECT FROM calibration.adoption AS a WHERE a.solution_id = s.solution_id) AS adopted,
       ARRAY(SELECT DISTINCT e.name
             FROM release.solution AS q JOIN release.release AS e USING (release_id)
             WHERE q.solution_id = s.solution_id AND e.state = 'published'
             ORDER BY e.name) AS releases
FROM calibration.standard_used AS u
JOIN calibration.solution AS s USING (solution_id)
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n ON n.night_id = s.night_id
WHERE u.standard = %(standard)s AND s.state <> 'retired'
GROUP BY s.solution_id, r.name, n.date, n.hemis
ORDER BY s.solution_id
