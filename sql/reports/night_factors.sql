-- Factors of the grades of a night's scans, with the rule that decided each; the least score of a scan first.
SELECT g.scan_key, f.factor, f.metric, trim(f.band) AS band, f.value, f.score, u.shape, u.x, u.score AS scores
FROM quality.scan_grade AS g
JOIN survey.scan AS v USING (scan_key)
JOIN quality.factor_score AS f USING (grade_id)
JOIN quality.rule AS u
    ON u.rule_version = g.rule_version AND u.factor = f.factor AND u.metric = f.metric AND u.band = f.band
WHERE g.run_id = %(run_id)s AND v.night_id = %(night_id)s AND g.rule_version = %(rule_version)s
  AND g.graded_score IS NOT NULL
ORDER BY g.scan_key, f.score, f.factor
