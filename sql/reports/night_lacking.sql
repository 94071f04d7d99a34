-- Values that reduced scans of a night lack for a grade by a rule version.
SELECT a.scan_key, array_agg(DISTINCT r.metric ORDER BY r.metric) AS lacking
FROM production.attempt AS a
JOIN survey.scan AS v ON v.scan_key = a.scan_key
JOIN quality.rule AS r ON r.rule_version = %(rule_version)s AND r.missing = 'refuse' AND r.shape <> 'flag'
WHERE a.run_id = %(run_id)s AND a.accepted AND v.night_id = %(night_id)s
  AND NOT EXISTS (SELECT FROM quality.metric AS m
                  WHERE m.attempt_id = a.attempt_id AND m.name = r.metric AND m.band = r.band)
  AND NOT EXISTS (SELECT FROM quality.derived_metric AS m
                  WHERE m.run_id = a.run_id AND m.scan_key = a.scan_key AND m.name = r.metric AND m.band = r.band)
GROUP BY a.scan_key
ORDER BY a.scan_key
