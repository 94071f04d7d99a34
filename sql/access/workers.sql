-- Attempts that run now, the oldest first: who does what since when, and until when the lease holds.
SELECT a.worker, a.host, r.name AS run, t.kind, n.date, n.hemis, s.scan, t.block, t.cell, a.started_at, a.expires_at < now() AS overdue
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = t.run_id
LEFT JOIN survey.night AS n ON n.night_id = t.night_id
LEFT JOIN survey.scan AS s ON s.scan_key = t.scan_key
WHERE a.ended_at IS NULL
ORDER BY a.started_at
LIMIT 200
