-- Metrics of a night: those of its calibration, and those derived from its sets and scans.
SELECT r.name AS run, k.name AS metric, trim(k.band) AS band, k.value, d.unit, k.rows
FROM (
    SELECT a.run_id, t.night_id, m.name, m.band, m.value, NULL::integer AS rows
    FROM production.task AS t
    JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
    JOIN quality.metric AS m USING (attempt_id)
    WHERE t.scope = 'night'
    UNION ALL
    SELECT m.run_id, m.night_id, m.name, m.band, m.value, m.rows FROM quality.derived_metric AS m WHERE m.scan_key IS NULL
) AS k
JOIN survey.night AS n USING (night_id)
JOIN production.run AS r USING (run_id)
JOIN quality.metric_definition AS d ON d.name = k.name
WHERE n.date = %(date)s AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s) AND (%(run)s::text IS NULL OR r.name = %(run)s)
ORDER BY r.name, k.name, k.band
