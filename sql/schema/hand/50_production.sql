-- What is frozen stays frozen, whoever asks: pipelines of final runs are what their results say they are.
CREATE OR REPLACE FUNCTION production.refuse_frozen() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF OLD.frozen_at IS NOT NULL THEN
        RAISE EXCEPTION '% on production.pipeline %: it is frozen', TG_OP, OLD.pipeline_id
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Create a new run.';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
COMMENT ON FUNCTION production.refuse_frozen() IS 'Guard of frozen pipelines';
CREATE OR REPLACE TRIGGER frozen BEFORE UPDATE OR DELETE ON production.pipeline
    FOR EACH ROW EXECUTE FUNCTION production.refuse_frozen();

-- A final run keeps its kind, its pipeline and its partitions.
CREATE OR REPLACE FUNCTION production.refuse_final_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF OLD.kind = 'final'
       AND (NEW.name, NEW.kind, NEW.pipeline_id, NEW.zones) IS DISTINCT FROM (OLD.name, OLD.kind, OLD.pipeline_id, OLD.zones)
    THEN
        RAISE EXCEPTION 'final run % never changes', OLD.name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Create a new run.';
    END IF;
    RETURN NEW;
END
$function$;
COMMENT ON FUNCTION production.refuse_final_change() IS 'Guard of final runs';
CREATE OR REPLACE TRIGGER final BEFORE UPDATE ON production.run
    FOR EACH ROW EXECUTE FUNCTION production.refuse_final_change();

-- What a final run is made of stays as it was named: inputs come with the run, and none after its first task.
CREATE OR REPLACE FUNCTION production.refuse_final_inputs() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM production.task AS t WHERE t.run_id = NEW.run_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on production.%: inputs of a final run never change', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Create a new run.';
END
$function$;
COMMENT ON FUNCTION production.refuse_final_inputs() IS 'Guard of the inputs of final runs';
CREATE OR REPLACE TRIGGER final BEFORE INSERT OR UPDATE OR DELETE ON production.final_run
    FOR EACH ROW EXECUTE FUNCTION production.refuse_final_inputs();
CREATE OR REPLACE TRIGGER final BEFORE INSERT OR UPDATE OR DELETE ON production.final_input
    FOR EACH ROW EXECUTE FUNCTION production.refuse_final_inputs();
CREATE OR REPLACE TRIGGER final BEFORE INSERT OR UPDATE OR DELETE ON production.final_scan
    FOR EACH ROW EXECUTE FUNCTION production.refuse_final_inputs();

-- A final run with recorded inputs has tasks of its selected scans and their nights alone, whoever adds them.
CREATE OR REPLACE FUNCTION production.refuse_unselected() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
DECLARE
    astray record;
BEGIN
    SELECT r.name, s.scan_key INTO astray
    FROM added AS t
    JOIN production.final_run AS f ON f.run_id = t.run_id
    JOIN production.run AS r ON r.run_id = t.run_id
    JOIN survey.scan AS s ON s.scan_key = t.scan_key AND s.kind = 'sci'
    WHERE NOT EXISTS (SELECT FROM production.final_scan AS c WHERE c.run_id = t.run_id AND c.scan_key = t.scan_key)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'scan % was not selected for final run %', astray.scan_key, astray.name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Create a new run.';
    END IF;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION production.refuse_unselected() IS 'Guard of final runs: no scan that was not selected';
CREATE OR REPLACE TRIGGER selected AFTER INSERT ON production.task REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION production.refuse_unselected();

-- Stars of another catalogue than the recorded one are refused at publication: it may have been replaced meanwhile.
CREATE OR REPLACE FUNCTION production.refuse_other_reference() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
DECLARE
    wanted record;
BEGIN
    SELECT i.name, i.input_key INTO wanted
    FROM production.attempt AS a
    JOIN production.final_input AS i ON i.run_id = a.run_id AND i.kind = 'reference'
    WHERE a.attempt_id = NEW.attempt_id;
    IF FOUND AND wanted.input_key IS DISTINCT FROM NEW.catalogue_id THEN
        RAISE EXCEPTION 'attempt % was given stars of catalogue %, the final run names % (%)', NEW.attempt_id,
            coalesce(NEW.catalogue_id::text, 'none'), wanted.input_key, wanted.name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Create a new run.';
    END IF;
    RETURN NEW;
END
$function$;
COMMENT ON FUNCTION production.refuse_other_reference() IS 'Guard of final runs: the reference catalogue that they name';
CREATE OR REPLACE TRIGGER final BEFORE INSERT ON production.attempt_reference
    FOR EACH ROW EXECUTE FUNCTION production.refuse_other_reference();

-- A recalled night is published again: its former zero points give way to the new ones.
GRANT DELETE ON calibration.zero_point TO mapps_worker;
