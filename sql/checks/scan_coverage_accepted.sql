-- What a scan covers belongs to an accepted attempt.
SELECT c.run_id, c.scan_key, c.attempt_id, c.band
FROM wsdb.scan_coverage AS c
JOIN production.attempt AS a USING (attempt_id)
WHERE NOT a.accepted
ORDER BY c.run_id, c.scan_key, c.band;
