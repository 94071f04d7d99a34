-- Metrics of a night as a whole in a run, with their specifications.
SELECT k.name, trim(k.band) AS band, k.value, d.unit, d.better, d.description,
       (SELECT s.threshold FROM quality.specification AS s
        WHERE s.metric = k.name AND s.band IN (k.band, '-') AND s.level = 'minimum') AS minimum
FROM (
    SELECT m.name, m.band, m.value
    FROM production.task AS t
    JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
    JOIN quality.metric AS m USING (attempt_id)
    WHERE t.run_id = %(run_id)s AND t.scope = 'night' AND t.night_id = %(night_id)s
    UNION ALL
    SELECT m.name, m.band, m.value FROM quality.derived_metric AS m
    WHERE m.run_id = %(run_id)s AND m.night_id = %(night_id)s AND m.scan_key IS NULL
) AS k
JOIN quality.metric_definition AS d ON d.name = k.name
ORDER BY k.name, k.band
