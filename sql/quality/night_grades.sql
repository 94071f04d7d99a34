-- Grades by a rule version that count for the scans of a night, as they stand: overrides are not in them.
SELECT DISTINCT ON (g.scan_key)
    g.scan_key, g.score, g.limiting_factor, g.rules, g.factor_scores, g.factor_values, g.flags
FROM quality.grade AS g
JOIN production.attempt AS a ON a.attempt_id = g.attempt_id AND a.accepted
JOIN survey.scan AS v ON v.scan_key = g.scan_key
WHERE g.run_id = %(run_id)s AND v.night_id = %(night_id)s AND g.rule_version = %(rule_version)s
ORDER BY g.scan_key, g.grade_id DESC
