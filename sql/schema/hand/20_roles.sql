-- Roles. owner: everything. worker: claims, publishes. operator: runs, ingest, releases. reader: SELECT only, with a
-- statement timeout. The login user that migrates owns all objects; on a private cluster it is mapps_owner, elsewhere
-- any account with CREATEROLE, or without it where an administrator has made the roles. Applied after every migration,
-- so everything here is harmless when repeated and writes nothing to the shared catalogues that is there already
-- (databases of one server may be migrated at the same time).
DO $roles$
DECLARE
    wanted text;
    -- Since PostgreSQL 16 a creator is a member that may not SET ROLE before it grants itself so.
    membership text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['mapps_owner', 'mapps_worker', 'mapps_operator', 'mapps_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                -- No password is set: a private cluster uses peer authentication, elsewhere an administrator grants one.
                EXECUTE format('CREATE ROLE %I LOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role % is missing, and user % may not create it', wanted, current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = format('An administrator runs: CREATE ROLE %I LOGIN; GRANT %I TO %I;',
                                            wanted, wanted, current_user);
            END;
        END IF;
        -- With MAPPS_DATABASE_URL one account logs in and takes the roles by SET ROLE.
        IF NOT pg_has_role(current_user, wanted, membership) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', wanted, current_user);
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE NOTICE 'user % may not take the role %; an administrator runs: GRANT % TO %',
                    current_user, wanted, quote_ident(wanted), quote_ident(current_user);
            END;
        END IF;
    END LOOP;
END
$roles$;

-- Astronomers: a query that needs more than ten minutes wants an index or a smaller question. A role may alter its own
-- settings; what was altered is set back here, `mapps doctor` finds it, and commands of mapps make their own at connect.
DO $reader$
DECLARE
    known text[] := coalesce((SELECT rolconfig FROM pg_roles WHERE rolname = 'mapps_reader'), '{}');
    wanted text[] := ARRAY['default_transaction_read_only=on', 'statement_timeout=10min',
                           'idle_in_transaction_session_timeout=10min', 'work_mem=64MB',
                           -- Forgotten sessions would use up the connection limit below.
                           'idle_session_timeout=12h'];
    setting text;
BEGIN
    IF EXISTS (SELECT FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
               WHERE s.setrole = 'mapps_reader'::regrole AND d.datname = current_database()) THEN
        -- They would go before those of the role.
        EXECUTE format('ALTER ROLE mapps_reader IN DATABASE %I RESET ALL', current_database());
    END IF;
    IF NOT (known @> wanted) THEN
        FOREACH setting IN ARRAY wanted LOOP
            EXECUTE format('ALTER ROLE mapps_reader SET %I = %L', split_part(setting, '=', 1), split_part(setting, '=', 2));
        END LOOP;
    END IF;
    IF (SELECT rolconnlimit FROM pg_roles WHERE rolname = 'mapps_reader') = -1 THEN
        -- A quarter of the private server's 200 connections; the limit counts logins of the role, not SET ROLE.
        ALTER ROLE mapps_reader CONNECTION LIMIT 50;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'user % may not alter mapps_reader; an administrator sets its statement_timeout (10min) and %',
        current_user, 'default_transaction_read_only (on)';
END
$reader$;

-- One query may fill a disk with its temporary files, and only a superuser limits them. The role cannot take this back.
DO $temporary$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       AND NOT coalesce((SELECT rolconfig FROM pg_roles WHERE rolname = 'mapps_reader'), '{}')
               @> ARRAY['temp_file_limit=20GB'] THEN
        ALTER ROLE mapps_reader SET temp_file_limit = '20GB';
    END IF;
END
$temporary$;

-- What PostgreSQL grants to everybody: temporary tables; large objects and messages in the write-ahead log, which fill the
-- disk; advisory locks, with which a reader could hold up builds, recalls and migrations. All but the first take a superuser; elsewhere an administrator may
-- do the same. The functions belong to this database alone.
DO $public$
DECLARE
    taken regprocedure;
BEGIN
    BEGIN
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO mapps_owner, mapps_worker, mapps_operator', current_database());
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE NOTICE 'user % may not revoke TEMPORARY on the database from PUBLIC', current_user;
    END;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    FOR taken IN
        SELECT p.oid::regprocedure FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname ~ '^pg_(try_)?advisory_(xact_)?(un)?lock(_shared|_all)?$'
               OR p.proname ~ '^lo_(creat|create|from_bytea|put|import|export|open|truncate|truncate64|unlink)$'
               OR p.proname IN ('lowrite', 'pg_logical_emit_message'))
          AND has_function_privilege('mapps_reader', p.oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', taken);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO mapps_owner, mapps_worker, mapps_operator', taken);
    END LOOP;
END
$public$;

GRANT USAGE ON SCHEMA survey, calibration, production, wsdb, quality, release, reference
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
-- Every command compares the revision of the tables with its code's.
GRANT SELECT ON public.alembic_version TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA survey, calibration, production, wsdb, quality, release, reference
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA wsdb, release
    GRANT SELECT ON TABLES TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

GRANT ALL ON ALL TABLES IN SCHEMA survey, calibration, production, wsdb, quality, release, reference TO mapps_owner;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA survey, calibration, production, wsdb, quality, release TO mapps_owner, mapps_operator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA calibration, production, wsdb, quality TO mapps_worker;

-- Workers close tasks and attempts and add products; they delete only rows of an attempt that is being replaced.
GRANT UPDATE ON production.task TO mapps_worker;
GRANT INSERT, UPDATE ON production.attempt TO mapps_worker;
GRANT INSERT ON production.attempt_raw_file, production.attempt_calibration, production.attempt_reference,
    production.attempt_upstream TO mapps_worker;
-- FOR SHARE, which makes a recall wait for a publication, takes a right to UPDATE.
GRANT INSERT, UPDATE (retired_at) ON calibration.product TO mapps_worker;
GRANT INSERT ON calibration.zero_point TO mapps_worker;
-- Solutions are added and retired, never changed otherwise; the worker adopts those of preliminary runs.
GRANT INSERT, UPDATE (state, retired_because) ON calibration.solution TO mapps_worker;
GRANT INSERT ON calibration.scan_zero_point, calibration.set_used, calibration.standard_used, calibration.attempt_used,
    calibration.overlap_used TO mapps_worker;
GRANT INSERT ON calibration.astrometry, calibration.scan_astrometry TO mapps_worker;
GRANT INSERT, UPDATE ON calibration.adoption, calibration.astrometry_adoption TO mapps_worker;
GRANT INSERT, DELETE ON wsdb.point_measurement, wsdb.extended_measurement, wsdb.atlas_measurement, wsdb.postage_stamp, wsdb.scan_coverage, quality.metric,
    quality.scan_diagnostics, wsdb.forced_light TO mapps_worker;

-- Nights grade themselves: derived metrics are replaced, grades only added.
GRANT INSERT, DELETE ON quality.derived_metric TO mapps_worker;
GRANT INSERT ON quality.grade TO mapps_worker;

-- Operators ingest, queue, hold, recall, grade and release.
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA survey, production, quality, release, reference TO mapps_operator;
GRANT UPDATE (retired_at) ON calibration.product TO mapps_operator;
GRANT UPDATE (state, retired_because) ON calibration.solution TO mapps_operator;
GRANT INSERT, UPDATE, DELETE ON calibration.adoption, calibration.astrometry_adoption TO mapps_operator;

-- A worker deletes rows of an attempt that its publication replaces, never those of a scan that a release chose.
CREATE OR REPLACE FUNCTION wsdb.refuse_released() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    held text;
BEGIN
    SELECT r.name INTO held
    FROM (SELECT DISTINCT g.attempt_id FROM gone AS g) AS g
    JOIN release.scan AS s USING (attempt_id)
    JOIN release.release AS r USING (release_id)
    WHERE s.selected AND r.state = 'published'
    LIMIT 1;
    IF held IS NOT NULL THEN
        RAISE EXCEPTION 'DELETE on wsdb.%: release % was drawn from these rows', TG_TABLE_NAME, held
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Recall the scan into another run.';
    END IF;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION wsdb.refuse_released() IS 'Guard of rows that published releases were drawn from';
DO $released$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['point_measurement', 'extended_measurement', 'atlas_measurement', 'postage_stamp',
                                   'scan_coverage'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER released AFTER DELETE ON wsdb.%I REFERENCING OLD TABLE AS gone'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION wsdb.refuse_released()', guarded);
    END LOOP;
END
$released$;

REVOKE ALL ON FUNCTION wsdb.create_run_partitions(integer, integer), wsdb.seal_run(integer),
    release.create_partitions(integer, boolean), release.attach_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wsdb.create_run_partitions(integer, integer), wsdb.seal_run(integer),
    release.create_partitions(integer, boolean), release.attach_partitions(integer) TO mapps_owner, mapps_operator;
