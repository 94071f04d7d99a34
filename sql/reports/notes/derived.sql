-- Completeness and reliability that SQL derived from calibration fields of the runs of a release, by band; the least of them.
SELECT d.name, d.band, min(d.value) AS value
FROM release.parent_run AS r JOIN quality.derived_metric AS d USING (run_id)
WHERE r.release_id = %(release_id)s AND d.name IN ('completeness', 'reliability') AND d.scan_key IS NULL
GROUP BY d.name, d.band ORDER BY d.name, d.band
