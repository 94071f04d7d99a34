-- Astrometric solutions of a run, or one of them, the newest first, and how many nights have adopted them.
SELECT
    s.astrometry_id, r.name AS run,
    (SELECT count(*) FROM calibration.astrometry_adoption AS a WHERE a.astrometry_id = s.astrometry_id) AS nights_adopted,
    (SELECT string_agg(DISTINCT a.adopted_by, ', ') FROM calibration.astrometry_adoption AS a
     WHERE a.astrometry_id = s.astrometry_id) AS adopted_by, s.created_at, (s.facts ->> 'scans')::integer AS scans,
    (s.facts ->> 'overlaps')::integer AS segment_overlaps, (s.facts ->> 'reference_stars')::integer AS reference_stars,
    (s.facts ->> 'overlap_rms_arcsec')::float8 AS overlap_rms_arcsec,
    (s.facts ->> 'reference_scatter_before_arcsec')::float8 AS reference_scatter_before_arcsec,
    (s.facts ->> 'reference_scatter_arcsec')::float8 AS reference_scatter_arcsec,
    (s.facts ->> 'median_error_arcsec')::float8 AS median_error_arcsec, s.content_hash
FROM calibration.astrometry AS s
JOIN production.run AS r USING (run_id)
WHERE (%(run)s::text IS NULL OR r.name = %(run)s) AND (%(astrometry_id)s::integer IS NULL OR s.astrometry_id = %(astrometry_id)s)
ORDER BY s.astrometry_id DESC
