-- A released row is still in the working database, unless its scan was reduced again since.
SELECT e.name, c.run_id, c.src_id, c.pts_key
FROM release.release AS e
JOIN release.psc AS c USING (release_id)
JOIN release.scan AS s ON s.release_id = c.release_id AND s.run_id = c.run_id AND s.scan_key = c.scan_key
JOIN production.attempt AS a ON a.attempt_id = s.attempt_id AND a.accepted
LEFT JOIN wsdb.point_measurement AS p ON p.run_id = c.run_id AND p.src_id = c.src_id AND p.attempt_id = s.attempt_id
WHERE p.src_id IS NULL;
