-- Solutions that used a standard and are not retired, and the published releases that have scans of their nights.
SELECT s.solution_id, s.kind, r.name AS run, n.date, n.hemis, s.state,
       string_agg(DISTINCT u.band, '' ORDER BY u.band) AS bands, max(u.measurements) AS measurements,
       EXISTS (SELECT FROM calibration.adoption AS a WHERE a.solution_id = s.solution_id) AS adopted,
       ARRAY(SELECT DISTINCT e.name
             FROM release.scan AS c
             JOIN release.release AS e USING (release_id)
             JOIN production.attempt AS m USING (attempt_id)
             JOIN survey.scan AS x ON x.scan_key = c.scan_key
             JOIN calibration.adoption AS a ON a.run_id = m.run_id AND a.night_id = x.night_id
             WHERE c.selected AND e.state = 'published' AND a.solution_id = s.solution_id
             ORDER BY e.name) AS releases
FROM calibration.standard_used AS u
JOIN calibration.solution AS s USING (solution_id)
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n ON n.night_id = s.night_id
WHERE u.standard = %(standard)s AND s.state <> 'retired'
GROUP BY s.solution_id, r.name, n.date, n.hemis
ORDER BY s.solution_id
