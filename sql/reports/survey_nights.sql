-- Nights of a run with the metrics of their tasks and calibration sets, by band where they have bands.
SELECT n.night_id, n.date, n.hemis, k.name, trim(k.band) AS band, k.value
FROM survey.night AS n
LEFT JOIN (
    SELECT t.night_id, m.name, m.band, m.value
    FROM production.task AS t
    JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
    JOIN quality.metric AS m USING (attempt_id)
    WHERE t.run_id = %(run_id)s AND t.scope = 'night'
    UNION ALL
    SELECT m.night_id, m.name, m.band, m.value FROM quality.derived_metric AS m
    WHERE m.run_id = %(run_id)s AND m.scan_key IS NULL
) AS k ON k.night_id = n.night_id AND k.name = ANY (%(names)s::text[])
WHERE n.night_id IN (SELECT t.night_id FROM production.task AS t WHERE t.run_id = %(run_id)s)
ORDER BY n.date, n.hemis, k.name, k.band
