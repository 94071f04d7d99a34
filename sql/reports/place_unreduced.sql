-- Scans of the survey whose planned area holds a place and that a release did not consider: not among what its runs have done.
SELECT n.date, n.hemis, s.scan, s.scan_key, s.kind, s.tile
FROM survey.scan AS s
JOIN survey.night AS n USING (night_id)
WHERE s.kind IN ('sci', 'cal')
  AND s.planned_footprint ~ spoint(radians(%(ra)s::float8), radians(%(decl)s::float8))
  AND NOT EXISTS (SELECT FROM release.scan AS c WHERE c.release_id = %(release_id)s AND c.scan_key = s.scan_key)
ORDER BY n.date, n.hemis, s.scan
