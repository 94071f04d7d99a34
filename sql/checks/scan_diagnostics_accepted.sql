-- Diagnostics of a scan belong to an accepted attempt at raw frames.
SELECT d.run_id, d.scan_key, d.attempt_id
FROM quality.scan_diagnostics AS d
JOIN production.attempt AS a USING (attempt_id)
JOIN survey.scan AS s ON s.scan_key = d.scan_key
WHERE NOT a.accepted OR s.entry <> 'raw'
ORDER BY d.run_id, d.scan_key;
