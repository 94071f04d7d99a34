-- Scans that a release considered, tile by tile.
SELECT r.name AS run, n.date, n.hemis, o.scan, s.scan_key, s.tile, s.rank, s.selected, s.reason
FROM release.scan AS s
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS o ON o.scan_key = s.scan_key
JOIN survey.night AS n ON n.night_id = o.night_id
WHERE s.release_id = %(release_id)s
ORDER BY s.tile, s.rank, s.scan_key, r.name
