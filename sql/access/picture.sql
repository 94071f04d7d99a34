-- The file of an image of a run.
SELECT i.url, i.sha256
FROM wsdb.atlas_measurement AS i
JOIN production.attempt AS a ON a.attempt_id = i.attempt_id AND a.accepted
JOIN production.run AS r ON r.run_id = i.run_id
WHERE r.name = %(run)s AND i.coadd_key = %(coadd_key)s AND i.band = %(band)s
