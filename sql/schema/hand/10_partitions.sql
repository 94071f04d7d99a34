-- Partitions of the source tables are made when a run or a release is created, not by migrations.
-- Names: point_measurement_r<run_id> holds a run, point_measurement_r<run_id>_z<zone> a range of src_id of it.

-- Make the partitions of a run. `zones` is 1 (a night), 12, 48 or 192 (HEALPix orders 0, 1, 2): a zone is the range of
-- src_id whose HEALPix pixels lie in one coarse pixel. Leaves carry the primary key; the parents have none.
-- ATTACH, unlike CREATE TABLE ... PARTITION OF, takes no lock on the parent that stops readers: otherwise a new run would
-- wait for the longest query, or release, that is under way, and everybody after it for the new run.
CREATE OR REPLACE FUNCTION wsdb.create_run_partitions(run_id integer, zones integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    part text := format('point_measurement_r%s', run_id);
    leaf text;
    -- src_id = HEALPix order 12 (28 bits) | scan_key (25) | sequence (10): one coarse pixel of order o spans 2^(59 - 2o).
    span bigint := CASE zones WHEN 12 THEN 1::bigint << 59 WHEN 48 THEN 1::bigint << 57 WHEN 192 THEN 1::bigint << 55 END;
    low text;
    high text;
BEGIN
    EXECUTE format('CREATE TABLE wsdb.%I (LIKE wsdb.point_measurement INCLUDING ALL) PARTITION BY RANGE (src_id)', part);
    FOR zone IN 0 .. zones - 1 LOOP
        leaf := format('%s_z%s', part, zone);
        low := CASE WHEN zone = 0 THEN 'MINVALUE' ELSE (zone * span)::text END;
        high := CASE WHEN zone = zones - 1 THEN 'MAXVALUE' ELSE ((zone + 1) * span)::text END;
        EXECUTE format('CREATE TABLE wsdb.%I PARTITION OF wsdb.%I (PRIMARY KEY (src_id)) FOR VALUES FROM (%s) TO (%s)',
                       leaf, part, low, high);
    END LOOP;
    EXECUTE format('ALTER TABLE wsdb.point_measurement ATTACH PARTITION wsdb.%I FOR VALUES IN (%s)', part, run_id);
    part := format('extended_measurement_r%s', run_id);
    EXECUTE format('CREATE TABLE wsdb.%I (LIKE wsdb.extended_measurement INCLUDING ALL, PRIMARY KEY (ext_id))', part);
    EXECUTE format('ALTER TABLE wsdb.extended_measurement ATTACH PARTITION wsdb.%I FOR VALUES IN (%s)', part, run_id);
END
$function$;
COMMENT ON FUNCTION wsdb.create_run_partitions(integer, integer) IS 'Make the source partitions of a new run';

-- Build the positional and the scan indexes of a run. While loading only the primary key is live: a live GiST index
-- costs a factor 3 of the load rate (postgres notes 3.1).
CREATE OR REPLACE FUNCTION wsdb.seal_run(run_id integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    part text := format('point_measurement_r%s', run_id);
BEGIN
    -- A worker's last seal and a release build meet here: CREATE INDEX locks are shared, ANALYZE's is not, so two that
    -- hold the first would wait for each other's second. The second comer waits for the whole of the first instead.
    PERFORM FROM production.run WHERE run.run_id = seal_run.run_id FOR NO KEY UPDATE;
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON wsdb.%I USING gist (spoint(radians(ra), radians(decl)))',
                   part || '_position', part);
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON wsdb.%I (scan_key)', part || '_scan', part);
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON wsdb.%I (attempt_id)', part || '_attempt', part);
    EXECUTE format('ANALYZE wsdb.%I', part);
    UPDATE production.run SET sealed_at = coalesce(sealed_at, now()) WHERE run.run_id = seal_run.run_id;
END
$function$;
COMMENT ON FUNCTION wsdb.seal_run(integer) IS 'Build the positional indexes of a run; harmless when repeated';

-- Make the partitions of a release, attached for the same reason: the build's transaction may last for hours. Those that
-- have millions of rows can be left for release.attach_partitions: they get their primary key when they are full, in half
-- the time, and nobody sees their rows in the meantime. A build fills them by views that are dropped with its tables.
DROP FUNCTION IF EXISTS release.create_partitions(integer);
CREATE OR REPLACE FUNCTION release.create_partitions(release_id integer, attached boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    parent text;
    part text;
    listed text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['psc', 'xsc', 'atlas', 'stamp', 'scn', 'img', 'property_map', 'verdict', 'extended_verdict'] LOOP
        part := format('%s_r%s', parent, release_id);
        EXECUTE format('CREATE TABLE release.%I (LIKE release.%I INCLUDING DEFAULTS INCLUDING COMMENTS)', part, parent);
        IF attached OR parent NOT IN ('psc', 'verdict') THEN
            EXECUTE format('ALTER TABLE release.%I ATTACH PARTITION release.%I FOR VALUES IN (%s)', parent, part, release_id);
        ELSE
            -- Rows are tested as they come, so that ATTACH need not read them.
            EXECUTE format('ALTER TABLE release.%I ADD CONSTRAINT of_release CHECK (release_id = %s)', part, release_id);
            SELECT string_agg(quote_ident(c.column_name), ', ' ORDER BY c.ordinal_position) INTO listed
            FROM information_schema.columns AS c
            WHERE c.table_schema = 'release' AND c.table_name = CASE parent WHEN 'psc' THEN 'psc_entry' ELSE parent END;
            EXECUTE format('CREATE VIEW release.%I AS SELECT %s FROM release.%I', 'work_' || parent, listed, part);
            EXECUTE format('GRANT SELECT, INSERT ON release.%I TO mapps_operator', 'work_' || parent);
        END IF;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION release.create_partitions(integer, boolean) IS 'Make the product partitions of a new release';

CREATE OR REPLACE FUNCTION release.attach_partitions(release_id integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    parent text;
    part text;
BEGIN
    DROP VIEW IF EXISTS release.work_psc, release.work_verdict;
    FOREACH parent IN ARRAY ARRAY['psc', 'verdict'] LOOP
        part := format('%s_r%s', parent, release_id);
        CONTINUE WHEN (SELECT relispartition FROM pg_class WHERE oid = format('release.%I', part)::regclass);
        EXECUTE format('ALTER TABLE release.%I ATTACH PARTITION release.%I FOR VALUES IN (%s)', parent, part, release_id);
        EXECUTE format('ALTER TABLE release.%I DROP CONSTRAINT of_release', part);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION release.attach_partitions(integer)
    IS 'Give the point sources and verdicts of a release their primary keys and their place among those of the others';
