-- Chosen scans of a release with the corners of what all their bands cover.
SELECT s.scan_key, s.attempt_id, s.tile, n.date, n.hemis, o.scan,
       v.ra_1, v.dec_1, v.ra_2, v.dec_2, v.ra_3, v.dec_3, v.ra_4, v.dec_4
FROM release.scan AS s
JOIN survey.scan AS o ON o.scan_key = s.scan_key
JOIN survey.night AS n ON n.night_id = o.night_id
JOIN wsdb.scan_coverage AS v ON v.attempt_id = s.attempt_id AND v.band = '-'
WHERE s.release_id = %(release_id)s AND s.selected AND v.ra_1 IS NOT NULL
ORDER BY s.scan_key
