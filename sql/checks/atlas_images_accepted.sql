-- Every Atlas image belongs to an accepted attempt, and its coadd_key is scan_key * 1024 + number.
SELECT i.image_id, i.coadd_key, i.scan_key, i.number, i.attempt_id
FROM wsdb.atlas_measurement AS i
JOIN production.attempt AS a USING (attempt_id)
WHERE NOT a.accepted OR i.coadd_key <> i.scan_key::bigint * 1024 + i.number
ORDER BY i.image_id;
