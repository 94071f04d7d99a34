-- Scans that two runs have both reduced, with their attempts.
SELECT a.scan_key, a.attempt_id, b.attempt_id
FROM production.attempt AS a
JOIN production.attempt AS b ON b.scan_key = a.scan_key AND b.run_id = %(b)s AND b.accepted
WHERE a.run_id = %(a)s AND a.accepted AND a.scan_key IS NOT NULL
ORDER BY a.scan_key
