-- Metrics of a run as a whole with their specifications: the requirement, and what is aimed at.
SELECT m.name, trim(m.band) AS band, m.value, m.rows, d.unit, d.better, d.description,
       (SELECT s.threshold FROM quality.specification AS s
        WHERE s.metric = m.name AND s.band IN (m.band, '-') AND s.level = 'design') AS design,
       (SELECT s.threshold FROM quality.specification AS s
        WHERE s.metric = m.name AND s.band IN (m.band, '-') AND s.level = 'stretch') AS stretch
FROM quality.derived_metric AS m
JOIN quality.metric_definition AS d ON d.name = m.name
WHERE m.run_id = %(run_id)s AND m.night_id IS NULL AND m.scan_key IS NULL
ORDER BY m.name, m.band
