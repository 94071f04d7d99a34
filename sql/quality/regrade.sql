-- Grade all reduced scans of a run by a rule version; appended are grades that differ from the last one of the same attempt.
-- A factor is the least score of its rules, of the shape probability the product: the chance that all bands meet the limit,
-- were their errors independent. The grade is the least factor, rounded down. A scan that lacks a value of a rule whose
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
),
rule AS MATERIALIZED (
    SELECT
        r.*, CASE d.better WHEN 'higher' THEN 1 ELSE -1 END AS direction,
        row_number() OVER (ORDER BY r.factor, r.metric, r.band) AS number,
        cardinality(r.x) AS pairs
    FROM quality.rule AS r
    JOIN quality.metric_definition AS d ON d.name = r.metric
    WHERE r.rule_version = %(rule_version)s
),
asked AS MATERIALIZED (
    SELECT r.metric AS name FROM rule AS r UNION SELECT r.error_metric FROM rule AS r WHERE r.error_metric IS NOT NULL
),
known AS (
    SELECT s.scan_key, m.name, m.band, m.value
    FROM quality.metric AS m JOIN scan AS s USING (attempt_id)
    WHERE m.name IN (SELECT name FROM asked)
    UNION ALL
    SELECT s.scan_key, m.name, m.band, m.value
    FROM quality.derived_metric AS m JOIN scan AS s USING (scan_key)
    WHERE m.run_id = %(run_id)s AND m.name IN (SELECT name FROM asked)
),
error AS MATERIALIZED (
    SELECT DISTINCT k.scan_key, k.name, k.band, k.value
    FROM known AS k JOIN rule AS r ON r.error_metric = k.name AND r.band = k.band
),
-- Values that are not there and have a score all the same.
absent AS (
    SELECT s.scan_key, r.number
    FROM scan AS s
    JOIN rule AS r ON r.missing = 'score'
    LEFT JOIN known AS k ON k.scan_key = s.scan_key AND k.name = r.metric AND k.band = r.band
    WHERE k.scan_key IS NULL
),
scored AS (
    SELECT
        k.scan_key, r.factor, r.number, r.shape, r.missing, k.value, r.pairs,
        CASE r.shape
            WHEN 'table' THEN
                CASE width_bucket(k.value, r.x)
                    WHEN 0 THEN r.score[1]
                    WHEN r.pairs THEN r.score[r.pairs]
                    ELSE r.score[width_bucket(k.value, r.x)]
                         + (k.value - r.x[width_bucket(k.value, r.x)])
                           * (r.score[width_bucket(k.value, r.x) + 1] - r.score[width_bucket(k.value, r.x)])
                           / (r.x[width_bucket(k.value, r.x) + 1] - r.x[width_bucket(k.value, r.x)])
                END
            WHEN 'probability' THEN
                10 * quality.normal_probability(
                    r.direction * (p.weight * k.value + (1 - p.weight) * coalesce(r.population_mean, 0) - r.x[1])
                    / (p.sigma * sqrt(p.weight)))
            ELSE CASE WHEN r.direction * (k.value - r.x[1]) >= 0 THEN r.score[1] ELSE r.score[2] END
        END AS score
    FROM known AS k
    JOIN rule AS r ON r.metric = k.name AND r.band = k.band
    LEFT JOIN error AS e ON r.error_metric IS NOT NULL AND e.scan_key = k.scan_key AND e.name = r.error_metric AND e.band = r.band
    CROSS JOIN LATERAL (SELECT coalesce(nullif(e.value, 0), r.error, 1) AS sigma) AS d
    CROSS JOIN LATERAL (
        SELECT d.sigma, coalesce(r.population_sigma ^ 2 / (r.population_sigma ^ 2 + d.sigma ^ 2), 1) AS weight
    ) AS p
    UNION ALL
    SELECT a.scan_key, r.factor, r.number, r.shape, r.missing, NULL, r.pairs, r.missing_score
    FROM absent AS a JOIN rule AS r USING (number)
),
factor AS (
    SELECT
        scan_key, factor,
        least(
            min(score) FILTER (WHERE shape <> 'probability'),
            10 * exp(sum(ln(greatest(score, 1e-9) / 10)) FILTER (WHERE shape = 'probability'))
        ) AS score,
        -- Of arrays the least first element comes first: the rule that decides, and its value.
        min(ARRAY[score, number, value]) AS least,
        count(*) FILTER (WHERE missing = 'refuse') AS present
    FROM scored WHERE shape <> 'flag' GROUP BY scan_key, factor
),
judged AS (
    SELECT
        f.scan_key, min(f.score) AS score,
        (min(ARRAY[f.score, f.least[2]]))[2] AS number,
        jsonb_object_agg(f.factor, jsonb_build_object(
            'score', round(f.score::numeric, 6), 'metric', r.metric, 'band', r.band, 'value', f.least[3])) AS reasons,
        sum(f.present) AS present
    FROM factor AS f JOIN rule AS r ON r.number = f.least[2]
    GROUP BY f.scan_key
),
raised AS (
    SELECT scan_key, array_agg(DISTINCT factor ORDER BY factor) AS flags
    FROM (
        SELECT s.scan_key, s.factor
        FROM scored AS s JOIN rule AS r USING (number)
        WHERE s.shape = 'flag' AND s.score > 0
        GROUP BY s.scan_key, s.factor, r.metric
        HAVING count(*) >= max(s.score)
    ) AS reached
    GROUP BY scan_key
),
last AS (
    SELECT DISTINCT ON (g.scan_key) g.scan_key, g.attempt_id, g.score, g.limiting_factor, g.reasons, g.flags
    FROM quality.grade AS g
    WHERE g.run_id = %(run_id)s AND g.rule_version = %(rule_version)s
    ORDER BY g.scan_key, g.grade_id DESC
),
complete AS (
    SELECT
        j.scan_key, floor(j.score + 1e-9)::smallint AS score, r.factor AS limiting_factor, j.reasons,
        coalesce(raised.flags, '{}') AS flags
    FROM judged AS j
    JOIN rule AS r ON r.number = j.number
    LEFT JOIN raised USING (scan_key)
    WHERE j.present = (SELECT count(*) FROM rule WHERE missing = 'refuse' AND shape <> 'flag')
),
made AS (
    INSERT INTO quality.grade (run_id, scan_key, attempt_id, rule_version, score, limiting_factor, reasons, flags, graded_by)
    SELECT
        %(run_id)s, s.scan_key, s.attempt_id, %(rule_version)s, c.score, c.limiting_factor, coalesce(c.reasons, '{}'),
        coalesce(c.flags, '{}'), %(person)s
    FROM scan AS s
    LEFT JOIN complete AS c USING (scan_key)
    LEFT JOIN last AS l ON l.scan_key = s.scan_key AND l.attempt_id = s.attempt_id
    -- Without a value now, a former grade is voided by a row without a score.
    WHERE (c.score IS NOT NULL OR l.score IS NOT NULL)
      AND (l.reasons, l.score, l.limiting_factor, l.flags)
          IS DISTINCT FROM (coalesce(c.reasons, '{}'), c.score, c.limiting_factor, coalesce(c.flags, '{}'))
    ORDER BY s.scan_key
    RETURNING score
)
SELECT
    (SELECT count(*) FROM scan) AS scans, (SELECT count(*) FROM complete) AS graded,
    (SELECT count(*) FROM made WHERE score IS NOT NULL) AS made, (SELECT count(*) FROM made WHERE score IS NULL) AS voided
