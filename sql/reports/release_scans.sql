-- Scans that a release considered, tile by tile.
SELECT r.name AS run, s.scan_key, s.tile, s.rank, s.selected, s.reason
FROM release.scan AS s JOIN production.run AS r USING (run_id)
WHERE s.release_id = %(release_id)s
ORDER BY s.tile, s.rank, s.scan_key, r.name
