-- Solutions through which runs see the nights of some scans, by run: kind, state and content.
SELECT DISTINCT c.run_id, q.solution_id, q.kind, q.state, q.content_hash
FROM unnest(%(run_ids)s::integer[], %(scan_keys)s::integer[]) AS c (run_id, scan_key)
JOIN survey.scan AS s USING (scan_key)
LEFT JOIN calibration.adoption AS a ON a.run_id = c.run_id AND a.night_id = s.night_id
LEFT JOIN calibration.solution AS q ON q.solution_id = a.solution_id
WHERE s.entry = 'raw'
ORDER BY c.run_id, q.solution_id
