-- Reduced scans of a run without a grade of a rule version that counts, and the values they lack.
SELECT n.date, n.hemis, v.scan, v.scan_key, v.kind, array_agg(DISTINCT r.metric || ' ' || r.band) AS lacking
FROM production.attempt AS a
JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done' AND t.kind = 'scan'
JOIN survey.scan AS v ON v.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = v.night_id
LEFT JOIN quality.rule AS r
    ON r.rule_version = %(rule_version)s AND r.missing = 'refuse' AND r.shape <> 'flag'
   AND NOT EXISTS (SELECT FROM quality.metric AS m
                   WHERE m.attempt_id = a.attempt_id AND m.name = r.metric AND m.band = r.band)
   AND NOT EXISTS (SELECT FROM quality.derived_metric AS m
                   WHERE m.run_id = a.run_id AND m.scan_key = a.scan_key AND m.name = r.metric AND m.band = r.band)
WHERE a.run_id = %(run_id)s AND a.accepted AND a.scan_key IS NOT NULL
  AND NOT EXISTS (SELECT FROM quality.scan_grade AS g
                  WHERE g.run_id = a.run_id AND g.scan_key = a.scan_key AND g.rule_version = %(rule_version)s
                    AND g.graded_score IS NOT NULL)
GROUP BY n.date, n.hemis, v.scan, v.scan_key, v.kind
ORDER BY n.date, n.hemis, v.scan
LIMIT %(limit)s
