-- Derived metrics of a night of a run.
SELECT m.scan_key, m.name, trim(m.band) AS band, m.value, m.rows
FROM quality.derived_metric AS m
WHERE m.run_id = %(run_id)s AND m.night_id = %(night_id)s
ORDER BY m.scan_key, m.name COLLATE "C", m.band
