-- Astrometric solutions of a run, the newest first.
SELECT
    s.astrometry_id, f.astrometry_id IS NOT NULL AS in_force, s.created_at, (s.facts ->> 'scans')::integer AS scans,
    (s.facts ->> 'overlaps')::integer AS segment_overlaps, (s.facts ->> 'reference_stars')::integer AS reference_stars,
    (s.facts ->> 'overlap_rms_arcsec')::float8 AS overlap_rms_arcsec,
    (s.facts ->> 'reference_scatter_before_arcsec')::float8 AS reference_scatter_before_arcsec,
    (s.facts ->> 'reference_scatter_arcsec')::float8 AS reference_scatter_arcsec,
    (s.facts ->> 'median_error_arcsec')::float8 AS median_error_arcsec, s.content_hash
FROM calibration.astrometry AS s
JOIN production.run AS r USING (run_id)
LEFT JOIN calibration.astrometry_in_force AS f USING (astrometry_id)
WHERE r.name = %(run)s
ORDER BY s.astrometry_id DESC
