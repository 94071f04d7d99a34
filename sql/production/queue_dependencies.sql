-- Raw scans of a run wait for the calibration of their night.
INSERT INTO production.task_dependency (task_id, upstream_task_id)
SELECT t.task_id, c.task_id
FROM production.task AS t
JOIN survey.scan AS s USING (scan_key)
JOIN production.task AS c ON c.run_id = t.run_id AND c.kind = 'night_calibration' AND c.night_id = t.night_id
WHERE t.run_id = %(run_id)s AND t.kind = 'scan' AND s.entry = 'raw'
ON CONFLICT DO NOTHING
