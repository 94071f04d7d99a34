-- Scans of a run that have an accepted attempt, with what all their bands cover: the coverage picture.
SELECT s.scan_key, n.date, n.hemis, s.scan, s.kind, s.tile, v.ra_1, v.dec_1, v.ra_2, v.dec_2, v.ra_3, v.dec_3, v.ra_4, v.dec_4,
       a.point_rows
FROM production.run AS r
JOIN production.attempt AS a ON a.run_id = r.run_id AND a.accepted
JOIN wsdb.scan_coverage AS v ON v.attempt_id = a.attempt_id AND v.band = '-'
JOIN survey.scan AS s ON s.scan_key = a.scan_key
JOIN survey.night AS n USING (night_id)
WHERE r.name = %(run)s
ORDER BY s.scan_key
