-- Reduced scans of a night, with their accepted attempts and the hash of what these made.
SELECT a.attempt_id, a.scan_key, a.output_hash
FROM production.attempt AS a
JOIN production.task AS t ON t.task_id = a.task_id AND t.kind = 'scan' AND t.state = 'done'
JOIN survey.scan AS s ON s.scan_key = a.scan_key
WHERE a.run_id = %(run_id)s AND a.accepted AND s.night_id = %(night_id)s
ORDER BY a.scan_key
