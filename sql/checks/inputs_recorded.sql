-- Every accepted attempt at a scan names the files that it read.
SELECT a.attempt_id, a.run_id, a.scan_key
FROM production.attempt AS a
WHERE a.accepted AND a.scan_key IS NOT NULL
    AND NOT EXISTS (SELECT FROM production.attempt_raw_file AS f WHERE f.attempt_id = a.attempt_id)
ORDER BY a.attempt_id;
