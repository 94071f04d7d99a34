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

-- Astronomers: a query that needs more than ten minutes wants an index or a smaller question.
DO $reader$
DECLARE
    known text[] := coalesce((SELECT rolconfig FROM pg_roles WHERE rolname = 'mapps_reader'), '{}');
BEGIN
    IF NOT known @> ARRAY['default_transaction_read_only=on', 'statement_timeout=10min'] THEN
        ALTER ROLE mapps_reader SET default_transaction_read_only = on;
        ALTER ROLE mapps_reader SET statement_timeout = '10min';
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'user % may not alter mapps_reader; an administrator sets its statement_timeout (10min) and %',
        current_user, 'default_transaction_read_only (on)';
END
$reader$;

GRANT USAGE ON SCHEMA survey, calibration, production, wsdb, quality, release, reference
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
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
GRANT INSERT ON production.attempt_raw_file, production.attempt_calibration TO mapps_worker;
-- FOR SHARE, which makes a recall wait for a publication, takes a right to UPDATE.
GRANT INSERT, UPDATE (retired_at) ON calibration.product TO mapps_worker;
GRANT INSERT ON calibration.zero_point TO mapps_worker;
GRANT INSERT, DELETE ON wsdb.point_source, wsdb.extended_source, wsdb.atlas_image, quality.metric,
    quality.scan_diagnostics TO mapps_worker;

-- Operators ingest, queue, hold, recall, grade and release.
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA survey, production, quality, release, reference TO mapps_operator;
GRANT UPDATE (retired_at) ON calibration.product TO mapps_operator;

REVOKE ALL ON FUNCTION wsdb.create_run_partitions(integer, integer), wsdb.seal_run(integer),
    release.create_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wsdb.create_run_partitions(integer, integer), wsdb.seal_run(integer),
    release.create_partitions(integer) TO mapps_owner, mapps_operator;
