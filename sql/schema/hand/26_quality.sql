-- Guards, arithmetic and views of quality: rule sets that never change, grades that are only appended to, overrides that
-- are undone and never deleted. Metric definitions are written by 24_metrics.sql.

-- Ten decimal places are not needed of a probability that becomes a score of 0 to 10: Abramowitz and Stegun 26.2.17 is
-- good to 7.5e-8, and the server has no erf before PostgreSQL 16.
CREATE OR REPLACE FUNCTION quality.normal_probability(z double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
DECLARE
    t double precision;
    tail double precision;
BEGIN
    IF abs(z) > 8 THEN
        RETURN CASE WHEN z > 0 THEN 1 ELSE 0 END;
    END IF;
    t := 1 / (1 + 0.2316419 * abs(z));
    tail := exp(-z * z / 2) * 0.3989422804014327
            * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    RETURN CASE WHEN z > 0 THEN 1 - tail ELSE tail END;
END
$function$;
COMMENT ON FUNCTION quality.normal_probability(double precision)
    IS 'Probability that a standard normal variable is below z, good to 7.5e-8';

CREATE OR REPLACE FUNCTION quality.rounded(value double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $function$
    SELECT CASE WHEN value = 0 OR abs(value) NOT BETWEEN 1e-30 AND 1e30 THEN value
                ELSE round(value::numeric, 9 - floor(log(abs(value)))::integer)::double precision END
$function$;
COMMENT ON FUNCTION quality.rounded(double precision) IS 'Value to ten significant digits: what is left when the order of a sum is not';

CREATE OR REPLACE FUNCTION quality.refuse_new_unit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF (OLD.unit, OLD.scope, OLD.per_band, OLD.derived) IS DISTINCT FROM (NEW.unit, NEW.scope, NEW.per_band, NEW.derived) THEN
        RAISE EXCEPTION 'metric %: unit, scope, bands and origin stay as they are', OLD.name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Give the new metric another name.';
    END IF;
    RETURN NEW;
END
$function$;
COMMENT ON FUNCTION quality.refuse_new_unit() IS 'Guard of metrics: values of two units never stand under one name';
CREATE OR REPLACE TRIGGER same_unit BEFORE UPDATE ON quality.metric_definition
    FOR EACH ROW EXECUTE FUNCTION quality.refuse_new_unit();

-- A set is fixed when it is frozen, and also when it has given a grade: what a grade says of its rules must stay true.
CREATE OR REPLACE FUNCTION quality.is_fixed(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    SELECT EXISTS (SELECT FROM quality.rule_set AS s WHERE s.rule_version = wanted AND s.frozen_at IS NOT NULL)
        OR EXISTS (SELECT FROM quality.grade AS g WHERE g.rule_version = wanted)
$function$;
COMMENT ON FUNCTION quality.is_fixed(text) IS 'Whether a rule set is frozen or has given grades';

CREATE OR REPLACE FUNCTION quality.refuse_rules() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
DECLARE
    touched text[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.rule_version] WHEN 'DELETE' THEN ARRAY[OLD.rule_version]
                      ELSE ARRAY[OLD.rule_version, NEW.rule_version] END;
    version text;
BEGIN
    FOREACH version IN ARRAY touched LOOP
        IF quality.is_fixed(version) THEN
            RAISE EXCEPTION '% on quality.%: rule set % is frozen or has given grades', TG_OP, TG_TABLE_NAME, version
                USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Load the rules under another version.';
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
COMMENT ON FUNCTION quality.refuse_rules() IS 'Guard of the rules of sets that are fixed';
CREATE OR REPLACE TRIGGER fixed BEFORE INSERT OR UPDATE OR DELETE ON quality.rule
    FOR EACH ROW EXECUTE FUNCTION quality.refuse_rules();

-- Of a set that has given grades nothing but the freezing itself changes, of a frozen one nothing.
CREATE OR REPLACE FUNCTION quality.refuse_rule_set() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.frozen_at IS NULL
       AND (OLD.rule_version, OLD.content_hash, OLD.note, OLD.loaded_at) = (NEW.rule_version, NEW.content_hash, NEW.note, NEW.loaded_at)
    THEN
        RETURN NEW;
    END IF;
    IF quality.is_fixed(OLD.rule_version) THEN
        RAISE EXCEPTION '% on quality.rule_set: % is frozen or has given grades', TG_OP, OLD.rule_version
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Load the rules under another version.';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
COMMENT ON FUNCTION quality.refuse_rule_set() IS 'Guard of rule sets that are fixed';
CREATE OR REPLACE TRIGGER fixed BEFORE UPDATE OR DELETE ON quality.rule_set
    FOR EACH ROW EXECUTE FUNCTION quality.refuse_rule_set();

CREATE OR REPLACE FUNCTION quality.refuse_all() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
DECLARE
    filled boolean := true;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- TRUNCATE ... CASCADE of a table of the survey comes here too, and takes nothing where there is nothing.
        EXECUTE format('SELECT EXISTS (SELECT FROM quality.%I)', TG_TABLE_NAME) INTO filled;
        IF NOT filled THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION '% on quality.%: rows are only added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$function$;
COMMENT ON FUNCTION quality.refuse_all() IS 'Guard of tables that are only appended to';
CREATE OR REPLACE TRIGGER appended BEFORE UPDATE OR DELETE OR TRUNCATE ON quality.grade
    FOR EACH STATEMENT EXECUTE FUNCTION quality.refuse_all();
CREATE OR REPLACE TRIGGER kept BEFORE DELETE OR TRUNCATE ON quality.override
    FOR EACH STATEMENT EXECUTE FUNCTION quality.refuse_all();
CREATE OR REPLACE TRIGGER kept BEFORE TRUNCATE ON quality.rule
    FOR EACH STATEMENT EXECUTE FUNCTION quality.refuse_all();
CREATE OR REPLACE TRIGGER kept BEFORE TRUNCATE ON quality.rule_set
    FOR EACH STATEMENT EXECUTE FUNCTION quality.refuse_all();

CREATE OR REPLACE FUNCTION quality.refuse_override() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF OLD.undone_at IS NOT NULL
       OR (to_jsonb(OLD) - ARRAY['undone_at', 'undone_by', 'undone_because'])
          <> (to_jsonb(NEW) - ARRAY['undone_at', 'undone_by', 'undone_because'])
    THEN
        RAISE EXCEPTION 'override %: it can be undone once, and nothing else', OLD.override_id
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Undo it and make another one.';
    END IF;
    RETURN NEW;
END
$function$;
COMMENT ON FUNCTION quality.refuse_override() IS 'Guard of overrides';
CREATE OR REPLACE TRIGGER undone_once BEFORE UPDATE ON quality.override
    FOR EACH ROW EXECUTE FUNCTION quality.refuse_override();

-- The grade that counts: the last one of each rule version for what is accepted now, with what people say against it. An
-- override changes a grade and gives none: a scan without a grade is not here.
CREATE OR REPLACE VIEW quality.scan_grade AS
SELECT
    g.run_id, g.scan_key, g.attempt_id, g.rule_version, s.frozen_at IS NOT NULL AS frozen, g.grade_id, g.graded_at,
    CASE WHEN g.score IS NOT NULL THEN coalesce(o.score, g.score) END AS score, g.score AS graded_score, g.limiting_factor, o.override_id,
    ARRAY(
        SELECT f.flag FROM unnest(ARRAY['hgl', 'cld', 'xph', 'anom']) AS f (flag)
        WHERE coalesce(
            (SELECT c.raised FROM quality.override AS c
             WHERE c.run_id = g.run_id AND c.night_id = v.night_id AND c.scans @> v.scan::integer AND c.undone_at IS NULL
               AND c.flag = f.flag
             ORDER BY c.override_id DESC LIMIT 1),
            f.flag = ANY (g.flags)
        )
    ) AS flags,
    g.flags AS graded_flags
FROM quality.grade AS g
JOIN quality.rule_set AS s USING (rule_version)
JOIN production.attempt AS a ON a.attempt_id = g.attempt_id AND a.accepted
JOIN survey.scan AS v ON v.scan_key = g.scan_key
LEFT JOIN LATERAL (
    SELECT c.override_id, c.score FROM quality.override AS c
    WHERE c.run_id = g.run_id AND c.night_id = v.night_id AND c.scans @> v.scan::integer AND c.undone_at IS NULL
      AND c.score IS NOT NULL
    ORDER BY c.override_id DESC LIMIT 1
) AS o ON true
WHERE NOT EXISTS (
    SELECT FROM quality.grade AS later
    WHERE later.run_id = g.run_id AND later.scan_key = g.scan_key AND later.rule_version = g.rule_version
      AND later.attempt_id = g.attempt_id AND later.grade_id > g.grade_id
);
COMMENT ON VIEW quality.scan_grade IS 'The grade of each scan and rule version that counts, with overrides applied and shown';

CREATE OR REPLACE VIEW quality.factor_score AS
SELECT
    g.grade_id, g.run_id, g.scan_key, g.rule_version, r.factor, r.metric, r.band, f.value, f.score
FROM quality.grade AS g
CROSS JOIN LATERAL unnest(g.rules, g.factor_scores, g.factor_values) AS f (number, score, value)
JOIN quality.rule AS r ON r.rule_version = g.rule_version AND r.number = f.number;
COMMENT ON VIEW quality.factor_score IS 'Scores of the factors of each grade, with metric, band and value that gave them';

DO $comments$
DECLARE
    told text[];
BEGIN
    FOREACH told SLICE 1 IN ARRAY ARRAY[
        ['scan_grade', 'run_id', 'Run'], ['scan_grade', 'scan_key', 'Scan'],
        ['scan_grade', 'attempt_id', 'Attempt that was graded: the accepted one'],
        ['scan_grade', 'rule_version', 'Version of the rules'], ['scan_grade', 'frozen', 'Whether the rules are frozen'],
        ['scan_grade', 'grade_id', 'Grade that counts'], ['scan_grade', 'graded_at', 'When it was given'],
        ['scan_grade', 'score', 'Score with the override applied; null without a grade'],
        ['scan_grade', 'graded_score', 'Score by the rules'], ['scan_grade', 'limiting_factor', 'Factor of the least score'],
        ['scan_grade', 'override_id', 'Override that changes the score; null for none'],
        ['scan_grade', 'flags', 'Flags with overrides applied'], ['scan_grade', 'graded_flags', 'Flags by the rules'],
        ['factor_score', 'grade_id', 'Grade'], ['factor_score', 'run_id', 'Run'], ['factor_score', 'scan_key', 'Scan'],
        ['factor_score', 'rule_version', 'Version of the rules'], ['factor_score', 'factor', 'Factor'],
        ['factor_score', 'metric', 'Metric that decided it'], ['factor_score', 'band', 'Band that decided it'],
        ['factor_score', 'value', 'Value of the metric; null where it is missing'], ['factor_score', 'score', 'Score of the factor']
    ] LOOP
        EXECUTE format('COMMENT ON COLUMN quality.%I.%I IS %L', told[1], told[2], told[3]);
    END LOOP;
END
$comments$;

GRANT SELECT ON quality.scan_grade, quality.factor_score TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
REVOKE UPDATE, DELETE ON quality.grade, quality.metric_definition, quality.specification FROM mapps_operator;
REVOKE INSERT ON quality.metric_definition, quality.specification FROM mapps_operator;
REVOKE DELETE ON quality.override FROM mapps_operator;
