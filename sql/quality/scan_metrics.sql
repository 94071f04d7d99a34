-- All metrics of a scan, measured and derived, with unit and specifications.
SELECT
    r.name AS run, k.name AS metric, trim(k.band) AS band, k.value, d.unit, d.better, k.origin,
    (SELECT s.threshold FROM quality.specification AS s
     WHERE s.metric = k.name AND s.band IN (k.band, '-') AND s.level = 'minimum') AS minimum,
    (SELECT s.threshold FROM quality.specification AS s
     WHERE s.metric = k.name AND s.band IN (k.band, '-') AND s.level = 'stretch') AS stretch
FROM (
    SELECT a.run_id, m.name, m.band, m.value, 'reduction' AS origin
    FROM production.attempt AS a JOIN quality.metric AS m USING (attempt_id)
    WHERE a.scan_key = %(scan_key)s AND a.accepted
    UNION ALL
    SELECT m.run_id, m.name, m.band, m.value, 'derived' FROM quality.derived_metric AS m WHERE m.scan_key = %(scan_key)s
) AS k
JOIN production.run AS r USING (run_id)
JOIN quality.metric_definition AS d ON d.name = k.name
WHERE %(run)s::text IS NULL OR r.name = %(run)s
ORDER BY r.name, k.name, k.band
