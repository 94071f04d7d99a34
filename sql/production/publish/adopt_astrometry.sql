-- A preliminary run takes its astrometric solution by itself; what a person adopted stays. Final runs adopt by command only.
INSERT INTO calibration.astrometry_adoption AS a (run_id, night_id, astrometry_id, adopted_by)
SELECT DISTINCT s.run_id, g.scan_key >> 10, s.astrometry_id, format('task of attempt %%s', s.attempt_id)
FROM calibration.astrometry AS s
JOIN production.run AS r USING (run_id)
JOIN calibration.scan_astrometry AS g USING (astrometry_id)
WHERE s.astrometry_id = %(astrometry_id)s AND r.kind = 'preliminary'
ON CONFLICT (run_id, night_id) DO UPDATE
SET astrometry_id = EXCLUDED.astrometry_id, adopted_at = now(), adopted_by = EXCLUDED.adopted_by
WHERE starts_with(a.adopted_by, 'task of attempt ')
