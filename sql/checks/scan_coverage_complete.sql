-- An accepted attempt at a scan that has sources says what all its bands cover: distances from edges count from there.
SELECT a.run_id, a.scan_key, a.attempt_id
FROM production.attempt AS a
WHERE a.accepted AND a.scan_key IS NOT NULL AND a.point_rows > 0
  AND NOT EXISTS (SELECT FROM wsdb.scan_coverage AS c WHERE c.attempt_id = a.attempt_id AND c.band = '-')
ORDER BY a.run_id, a.scan_key;
