-- Factors of the grades of a scan that count, with the rule that decided each, its threshold, and what people say; of a scan
-- that is not photometric also why, by the solution that its night has adopted now.
SELECT
    r.name AS run, n.date, n.hemis, v.scan, g.rule_version, g.frozen, g.score, g.graded_score, g.limiting_factor, g.flags,
    g.graded_flags, g.override_id, g.graded_at, f.factor, f.metric, f.band, f.value, f.score AS factor_score, u.shape, u.x,
    u.score AS scores, u.error, u.population_mean, u.population_sigma, u.reference, d.unit, d.better, d.description,
    CASE WHEN f.metric = 'photometric' AND f.value < 0.5 THEN (
        SELECT string_agg(DISTINCT t.reason, '; ' ORDER BY t.reason) FROM calibration.scan_verdict AS t
        WHERE t.run_id = g.run_id AND t.scan_key = g.scan_key AND NOT t.photometric
    ) END AS verdict
FROM quality.scan_grade AS g
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS v USING (scan_key)
JOIN survey.night AS n USING (night_id)
LEFT JOIN quality.factor_score AS f USING (grade_id)
LEFT JOIN quality.rule AS u
    ON u.rule_version = g.rule_version AND u.factor = f.factor AND u.metric = f.metric AND u.band = f.band
LEFT JOIN quality.metric_definition AS d ON d.name = f.metric
WHERE g.scan_key = %(scan_key)s
  AND (%(run)s::text IS NULL OR r.name = %(run)s)
  AND (%(rule_version)s::text IS NULL OR g.rule_version = %(rule_version)s)
ORDER BY r.name, g.rule_version, f.score, f.factor
