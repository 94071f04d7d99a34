-- Grade all reduced scans of a run, or of a night of it, by a rule version; appended are grades that differ from the last one of the same attempt.
-- A factor is the least score of its rules, of the shape probability the product: the chance that all bands meet the limit,
-- were their errors independent. The grade is the least factor, rounded down but for 0.005: 10 is certain to 0.9995. A scan that lacks a value of a rule whose
-- `missing` is refuse gets no grade.
--
-- probability  the value m has error e. Where the rule knows the population (mean p, spread s), the true value is
--              distributed about w m + (1 - w) p with spread e sqrt(w), w = s^2 / (s^2 + e^2); else w = 1.
-- better       'inside' counts as lower: a flag of such a metric is raised above its threshold.
WITH scan AS MATERIALIZED (
    SELECT a.attempt_id, a.scan_key
    FROM production.attempt AS a
    JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done' AND t.kind = 'scan'
    WHERE a.run_id = %(run_id)s AND a.accepted AND a.scan_key IS NOT NULL
      AND (%(night_id)s::integer IS NULL OR t.night_id = %(night_id)s)
),
rule AS MATERIALIZED (
    SELECT r.*, CASE d.better WHEN 'higher' THEN 1 ELSE -1 END AS direction, cardinality(r.x) AS pairs
    FROM quality.rule AS r
    JOIN quality.metric_definition AS d ON d.name = r.metric
    WHERE r.rule_version = %(rule_version)s
),
known AS (
    SELECT s.scan_key, r.number, m.value
    FROM quality.metric AS m
    JOIN rule AS r ON r.metric = m.name AND r.band = m.band
    JOIN scan AS s ON s.attempt_id = m.attempt_id
    UNION ALL
    SELECT m.scan_key, r.number, m.value
    FROM quality.derived_metric AS m
    JOIN rule AS r ON r.metric = m.name AND r.band = m.band
    WHERE m.run_id = %(run_id)s AND m.scan_key IS NOT NULL
),
error AS MATERIALIZED (
    SELECT s.scan_key, r.number, m.value
    FROM rule AS r
    JOIN quality.metric AS m ON m.name = r.error_metric AND m.band = r.band
    JOIN scan AS s ON s.attempt_id = m.attempt_id
    UNION ALL
    SELECT m.scan_key, r.number, m.value
    FROM rule AS r
    JOIN quality.derived_metric AS m ON m.name = r.error_metric AND m.band = r.band
    WHERE m.run_id = %(run_id)s AND m.scan_key IS NOT NULL
),
-- Values that are not there and have a score all the same.
absent AS (
    SELECT s.scan_key, r.number
    FROM rule AS r
    CROSS JOIN scan AS s
    WHERE r.missing = 'score'
      AND NOT EXISTS (SELECT FROM quality.metric AS m
                      WHERE m.attempt_id = s.attempt_id AND m.name = r.metric AND m.band = r.band)
      AND NOT EXISTS (SELECT FROM quality.derived_metric AS m
                      WHERE m.run_id = %(run_id)s AND m.scan_key = s.scan_key AND m.name = r.metric AND m.band = r.band)
),
scored AS (
    SELECT
        k.scan_key, r.factor, r.number, r.shape, r.missing, CASE WHEN r.shape = 'flag' THEN r.metric END AS flag_metric, k.value,
        CASE r.shape
            WHEN 'table' THEN
                CASE p.place
                    WHEN 0 THEN r.score[1]
                    WHEN r.pairs THEN r.score[r.pairs]
                    ELSE r.score[p.place] + (k.value - r.x[p.place]) * (r.score[p.place + 1] - r.score[p.place])
                                            / (r.x[p.place + 1] - r.x[p.place])
                END
            WHEN 'probability' THEN
                10 * quality.normal_probability(
                    r.direction * (w.weight * k.value + (1 - w.weight) * coalesce(r.population_mean, 0) - r.x[1])
                    / (d.sigma * sqrt(w.weight)))
            ELSE CASE WHEN r.direction * (k.value - r.x[1]) >= 0 THEN r.score[1] ELSE r.score[2] END
        END AS score
    FROM known AS k
    JOIN rule AS r USING (number)
    LEFT JOIN error AS e ON e.scan_key = k.scan_key AND e.number = k.number
    CROSS JOIN LATERAL (SELECT width_bucket(k.value, r.x) AS place) AS p
    CROSS JOIN LATERAL (SELECT coalesce(nullif(e.value, 0), r.error, 1) AS sigma) AS d
    CROSS JOIN LATERAL (
        SELECT coalesce(r.population_sigma ^ 2 / (r.population_sigma ^ 2 + d.sigma ^ 2), 1) AS weight
    ) AS w
    UNION ALL
    SELECT a.scan_key, r.factor, r.number, r.shape, r.missing, NULL, NULL, r.missing_score
    FROM absent AS a JOIN rule AS r USING (number)
),
-- A factor a row, and a flag a row for each metric that may raise it.
factor AS (
    SELECT
        scan_key, factor, flag_metric,
        least(
            min(score) FILTER (WHERE shape <> 'probability'),
            10 * exp(sum(ln(greatest(score, 1e-9) / 10)) FILTER (WHERE shape = 'probability'))
        ) AS score,
        -- Of arrays the least first element comes first: the rule that decides, and its value.
        min(ARRAY[score, number, value]) AS least,
        count(*) FILTER (WHERE missing = 'refuse' AND shape <> 'flag') AS present,
        -- A flag of a band that does not meet its threshold has the number of bands that it takes as its score.
        count(*) FILTER (WHERE shape = 'flag' AND score > 0) >= max(score) AND max(score) > 0 AS reached
    FROM scored GROUP BY scan_key, factor, flag_metric
),
complete AS (
    SELECT
        f.scan_key, floor(min(f.score) FILTER (WHERE f.flag_metric IS NULL) + 0.005)::smallint AS score,
        (min(ARRAY[f.score, f.least[2]]) FILTER (WHERE f.flag_metric IS NULL))[2] AS limiting,
        array_agg(f.least[2]::smallint ORDER BY f.least[2]) FILTER (WHERE f.flag_metric IS NULL) AS rules,
        array_agg(round(f.score::numeric, 6)::double precision ORDER BY f.least[2]) FILTER (WHERE f.flag_metric IS NULL)
            AS factor_scores,
        array_agg(f.least[3] ORDER BY f.least[2]) FILTER (WHERE f.flag_metric IS NULL) AS factor_values,
        coalesce(array_agg(DISTINCT f.factor ORDER BY f.factor) FILTER (WHERE f.flag_metric IS NOT NULL AND f.reached), '{}')
            AS flags
    FROM factor AS f
    GROUP BY f.scan_key
    HAVING sum(f.present) = (SELECT count(*) FROM rule WHERE missing = 'refuse' AND shape <> 'flag')
       AND count(*) FILTER (WHERE f.flag_metric IS NULL) > 0
),
last AS (
    SELECT DISTINCT ON (g.scan_key) g.scan_key, g.attempt_id, g.score, g.rules, g.factor_scores, g.factor_values, g.flags
    FROM quality.grade AS g
    WHERE g.run_id = %(run_id)s AND g.rule_version = %(rule_version)s
    ORDER BY g.scan_key, g.grade_id DESC
),
made AS (
    INSERT INTO quality.grade (
        run_id, scan_key, attempt_id, rule_version, score, limiting_factor, rules, factor_scores, factor_values, flags, graded_by
    )
    SELECT
        %(run_id)s, s.scan_key, s.attempt_id, %(rule_version)s, c.score, r.factor, coalesce(c.rules, '{}'),
        coalesce(c.factor_scores, '{}'), coalesce(c.factor_values, '{}'), coalesce(c.flags, '{}'), %(person)s
    FROM scan AS s
    LEFT JOIN complete AS c USING (scan_key)
    LEFT JOIN rule AS r ON r.number = c.limiting
    LEFT JOIN last AS l ON l.scan_key = s.scan_key AND l.attempt_id = s.attempt_id
    -- Without a value now, a former grade is voided by a row without a score.
    WHERE (c.score IS NOT NULL OR l.score IS NOT NULL)
      AND (l.rules, l.factor_scores, l.factor_values, l.score, l.flags)
          IS DISTINCT FROM (coalesce(c.rules, '{}'), coalesce(c.factor_scores, '{}'), coalesce(c.factor_values, '{}'), c.score,
                            coalesce(c.flags, '{}'))
    ORDER BY s.scan_key
    RETURNING score
)
SELECT
    (SELECT count(*) FROM scan) AS scans, (SELECT count(*) FROM complete) AS graded,
    (SELECT count(*) FROM made WHERE score IS NOT NULL) AS made, (SELECT count(*) FROM made WHERE score IS NULL) AS voided
