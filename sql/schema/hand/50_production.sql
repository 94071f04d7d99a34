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

-- A recalled night is published again: its former zero points give way to the new ones.
GRANT DELETE ON calibration.zero_point TO mapps_worker;
