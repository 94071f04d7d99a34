-- An image number of a raw scan names one place in all bands that the attempt has images of.
SELECT i.run_id, i.scan_key, i.number, string_agg(i.band, '' ORDER BY i.band) AS bands
FROM wsdb.atlas_measurement AS i
JOIN survey.scan AS s USING (scan_key)
WHERE s.entry = 'raw'
GROUP BY i.attempt_id, i.run_id, i.scan_key, i.number
HAVING count(*) <> (SELECT count(DISTINCT o.band) FROM wsdb.atlas_measurement AS o WHERE o.attempt_id = i.attempt_id)
ORDER BY i.run_id, i.scan_key, i.number;
