-- The image of a run with the most sources on it that has a J picture, else any band: the one worth looking at.
SELECT i.image_id, i.url, i.band, i.number, i.coadd_key, i.scan_key, i.run_id, i.zero_point_mag,
       n.date, n.hemis, s.scan, s.tile
FROM wsdb.atlas_measurement AS i
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n USING (night_id)
JOIN production.run AS r USING (run_id)
JOIN production.attempt AS a ON a.attempt_id = i.attempt_id AND a.accepted
LEFT JOIN LATERAL (
    SELECT count(*) AS sources FROM wsdb.point_measurement AS p WHERE p.run_id = i.run_id AND p.coadd_key = i.coadd_key
) AS c ON true
WHERE r.name = %(run)s
ORDER BY c.sources DESC, i.band = 'j' DESC, i.band, i.coadd_key
LIMIT 1
