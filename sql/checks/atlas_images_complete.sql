-- A full-length scan (273 frames, three bands) has 23 Atlas images a band (background/survey 10.4).
SELECT a.run_id, a.scan_key, count(i.image_id) AS images
FROM production.attempt AS a
JOIN survey.scan AS s USING (scan_key)
LEFT JOIN wsdb.atlas_measurement AS i ON i.attempt_id = a.attempt_id
WHERE a.accepted AND s.entry = 'raw' AND s.kind = 'sci' AND s.frames_expected = 273
    AND (SELECT count(DISTINCT f.band) FROM survey.raw_file AS f WHERE f.scan_key = s.scan_key) = 3
GROUP BY a.attempt_id
HAVING count(i.image_id) <> 69
ORDER BY a.run_id, a.scan_key;
