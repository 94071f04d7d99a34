-- Published releases do not change: not by INSERT, UPDATE, DELETE or TRUNCATE, by no role that cannot alter tables.
-- Product partitions get their guards at publication (release.publish), so that filling them costs nothing; the small
-- tables are guarded here, row by row.
CREATE OR REPLACE FUNCTION release.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    RAISE EXCEPTION '% on release.%: the release is published and never changes', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Draw a new release.';
END
$function$;
COMMENT ON FUNCTION release.refuse_change() IS 'Guard of the partitions of published releases';

CREATE OR REPLACE FUNCTION release.refuse_published() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
DECLARE
    -- An UPDATE touches the release the row leaves and the one it goes to.
    touched integer[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.release_id] WHEN 'DELETE' THEN ARRAY[OLD.release_id]
                         ELSE ARRAY[OLD.release_id, NEW.release_id] END;
BEGIN
    IF EXISTS (SELECT FROM release.release AS r WHERE r.release_id = ANY (touched) AND r.state = 'published') THEN
        RAISE EXCEPTION '% on release.%: the release is published and never changes', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Draw a new release.';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$function$;
COMMENT ON FUNCTION release.refuse_published() IS 'Guard of the small tables: rows of published releases stay as they are';

CREATE OR REPLACE FUNCTION release.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $function$
BEGIN
    IF EXISTS (SELECT FROM release.release AS r WHERE r.state = 'published') THEN
        RAISE EXCEPTION 'TRUNCATE on release.%: there are published releases', TG_TABLE_NAME
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION release.refuse_truncate() IS 'Guard of the small tables against TRUNCATE';

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['release', 'parent_run', 'statement', 'scan', 'solution', 'patch', 'manifest', 'minor_planet', 'artefact', 'extended_artefact', 'astrometry', 'map_overview'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON release.%I'
                       ' FOR EACH ROW EXECUTE FUNCTION release.refuse_published()', guarded);
        EXECUTE format('CREATE OR REPLACE TRIGGER published_truncate BEFORE TRUNCATE ON release.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION release.refuse_truncate()', guarded);
    END LOOP;
    -- TRUNCATE of a partitioned parent reaches the partitions' guards; the parents refuse it at once.
    FOREACH guarded IN ARRAY ARRAY['psc', 'xsc', 'atlas', 'stamp', 'scn', 'img', 'property_map', 'verdict', 'extended_verdict'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER published_truncate BEFORE TRUNCATE ON release.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION release.refuse_truncate()', guarded);
    END LOOP;
END
$guards$;
