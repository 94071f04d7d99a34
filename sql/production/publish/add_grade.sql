-- One grade of the accepted attempt at a scan, unless it is what the last one of its rules says.
WITH last AS (
    SELECT g.score, g.rules, g.factor_scores, g.factor_values, g.flags
    FROM quality.grade AS g
    JOIN production.attempt AS a ON a.attempt_id = g.attempt_id AND a.accepted
    WHERE g.run_id = %(run_id)s AND g.scan_key = %(scan_key)s AND g.rule_version = %(rule_version)s
    ORDER BY g.grade_id DESC
    LIMIT 1
)
INSERT INTO quality.grade (
    run_id, scan_key, attempt_id, rule_version, score, limiting_factor, rules, factor_scores, factor_values, flags, graded_by
)
SELECT
    %(run_id)s, a.scan_key, a.attempt_id, %(rule_version)s, n.score, n.limiting_factor, n.rules, n.factor_scores,
    n.factor_values, n.flags, format('task of attempt %%s', %(attempt_id)s::bigint)
FROM (SELECT %(score)s::smallint AS score, %(limiting_factor)s::text AS limiting_factor, %(rules)s::smallint[] AS rules,
             %(factor_scores)s::double precision[] AS factor_scores, %(factor_values)s::double precision[] AS factor_values,
             %(flags)s::text[] AS flags) AS n
JOIN production.attempt AS a ON a.run_id = %(run_id)s AND a.scan_key = %(scan_key)s AND a.accepted
JOIN production.task AS t ON t.task_id = a.task_id AND t.kind = 'scan'
LEFT JOIN last AS l ON true
WHERE (l.score, l.rules, l.factor_scores, l.factor_values, l.flags)
      IS DISTINCT FROM (n.score, n.rules, n.factor_scores, n.factor_values, n.flags)
