-- Astrometric solutions through which runs see some scans, by run: key and content; null where a scan has none of its rows as they
-- are now.
SELECT c.run_id, g.astrometry_id, q.content_hash, count(*) AS scans
FROM unnest(%(run_ids)s::integer[], %(scan_keys)s::integer[], %(attempt_ids)s::bigint[]) AS c (run_id, scan_key, attempt_id)
LEFT JOIN calibration.adopted_place AS g ON g.run_id = c.run_id AND g.scan_key = c.scan_key AND g.attempt_id = c.attempt_id
LEFT JOIN calibration.astrometry AS q ON q.astrometry_id = g.astrometry_id
GROUP BY c.run_id, g.astrometry_id, q.content_hash
ORDER BY c.run_id, g.astrometry_id NULLS FIRST
