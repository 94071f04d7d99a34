-- Metrics of the reduced scans of a night, measured and derived, as far as they are asked for.
SELECT k.scan_key, k.name, trim(k.band) AS band, k.value
FROM (
    SELECT a.scan_key, m.name, m.band, m.value
    FROM production.attempt AS a JOIN quality.metric AS m USING (attempt_id)
    WHERE a.run_id = %(run_id)s AND a.accepted AND a.scan_key IS NOT NULL
    UNION ALL
    SELECT m.scan_key, m.name, m.band, m.value FROM quality.derived_metric AS m
    WHERE m.run_id = %(run_id)s AND m.scan_key IS NOT NULL
) AS k
JOIN survey.scan AS v USING (scan_key)
WHERE v.night_id = %(night_id)s AND k.name = ANY (%(names)s::text[])
ORDER BY k.scan_key, k.name, k.band
