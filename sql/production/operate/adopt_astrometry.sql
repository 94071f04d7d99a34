-- The places of nights of a run are seen through an astrometric solution of it: the nights whose scans it has.
INSERT INTO calibration.astrometry_adoption (run_id, night_id, astrometry_id, adopted_by)
SELECT DISTINCT %(run_id)s::integer, g.scan_key >> 10, g.astrometry_id, %(adopted_by)s
FROM calibration.scan_astrometry AS g
WHERE g.astrometry_id = %(astrometry_id)s
ON CONFLICT (run_id, night_id) DO UPDATE
SET astrometry_id = EXCLUDED.astrometry_id, adopted_at = now(), adopted_by = EXCLUDED.adopted_by
RETURNING night_id
