-- Science scans of a run whose sources are counted, with their places and the limit of each band: for the model of the sky.
SELECT v.scan_key, v.ra, v.decl, trim(s.band) AS band, s.threshold
FROM production.attempt AS a
JOIN survey.scan AS v ON v.scan_key = a.scan_key AND v.kind = 'sci' AND v.decl IS NOT NULL AND v.ra IS NOT NULL
JOIN quality.specification AS s ON s.metric = 'snr10_mag' AND s.level = 'minimum'
WHERE a.run_id = %(run_id)s AND a.accepted AND (%(night_id)s::integer IS NULL OR v.night_id = %(night_id)s)
ORDER BY v.scan_key, s.band
