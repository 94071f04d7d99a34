-- Scans of a night that have a grade of a rule version and get none now: a row without a score voids it.
INSERT INTO quality.grade (
    run_id, scan_key, attempt_id, rule_version, score, limiting_factor, rules, factor_scores, factor_values, flags, graded_by
)
SELECT %(run_id)s, g.scan_key, g.attempt_id, %(rule_version)s, NULL, NULL, '{}', '{}', '{}', '{}',
       format('task of attempt %%s', %(attempt_id)s::bigint)
FROM quality.scan_grade AS g
JOIN survey.scan AS v USING (scan_key)
WHERE g.run_id = %(run_id)s AND v.night_id = %(night_id)s AND g.rule_version = %(rule_version)s
  AND g.graded_score IS NOT NULL AND g.scan_key <> ALL (%(graded)s::integer[])
ORDER BY g.scan_key
