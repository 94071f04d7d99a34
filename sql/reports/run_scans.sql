-- Scans of a run that have an accepted attempt, with their areas: the coverage picture.
SELECT s.scan_key, n.date, n.hemis, s.scan, s.kind, s.tile, s.ra_1, s.dec_1, s.ra_2, s.dec_2, s.ra_3, s.dec_3, s.ra_4, s.dec_4,
       a.point_rows
FROM production.run AS r
JOIN production.attempt AS a ON a.run_id = r.run_id AND a.accepted
JOIN survey.scan AS s ON s.scan_key = a.scan_key
JOIN survey.night AS n USING (night_id)
WHERE r.name = %(run)s AND s.ra_1 IS NOT NULL
ORDER BY s.scan_key
