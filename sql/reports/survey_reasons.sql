-- Of graded survey scans of a run below a score: the factor that limits each, with the rule that decided it.
SELECT DISTINCT ON (g.scan_key)
    g.scan_key, f.factor, f.metric, trim(f.band) AS band, f.value, f.score, u.shape, u.x, u.score AS scores
FROM quality.scan_grade AS g
JOIN survey.scan AS v ON v.scan_key = g.scan_key AND v.kind = 'sci'
JOIN quality.factor_score AS f USING (grade_id)
JOIN quality.rule AS u
    ON u.rule_version = g.rule_version AND u.factor = f.factor AND u.metric = f.metric AND u.band = f.band
WHERE g.run_id = %(run_id)s AND g.rule_version = %(rule_version)s AND g.graded_score < %(least)s
ORDER BY g.scan_key, f.score, f.factor
