-- Of nights the share of photometric science scans, of the run, where no night is given, the steps between neighbours; from
-- metrics of scans.
INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)
SELECT %(run_id)s, m.night_id, NULL::integer, 'photometric_fraction', '-', avg(m.value), count(*)
FROM quality.derived_metric AS m JOIN survey.scan AS v ON v.scan_key = m.scan_key AND v.kind = 'sci'
WHERE m.run_id = %(run_id)s AND m.name = 'photometric' AND (%(night_id)s::integer IS NULL OR m.night_id = %(night_id)s)
GROUP BY m.night_id
UNION ALL
SELECT %(run_id)s, NULL, NULL, 'overlap_rms_mag', m.band, sqrt(avg(m.value ^ 2)), count(*)
FROM quality.derived_metric AS m
WHERE m.run_id = %(run_id)s AND m.name = 'overlap_offset_mag' AND %(night_id)s::integer IS NULL
GROUP BY m.band
