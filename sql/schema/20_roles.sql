-- Roles. owner: everything. worker: claims, publishes. operator: runs, ingest, releases. reader: SELECT only, with a
-- statement timeout. The login user that migrates is the owner of all objects; on a private cluster it is mapps_owner.
DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['mapps_owner', 'mapps_worker', 'mapps_operator', 'mapps_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            -- No password is set: a private cluster uses peer authentication, elsewhere an administrator grants one.
            EXECUTE format('CREATE ROLE %I LOGIN', wanted);
        END IF;
    END LOOP;
END
$roles$;

-- Astronomers: a query that needs more than ten minutes wants an index or a smaller question.
ALTER ROLE mapps_reader SET default_transaction_read_only = on;
ALTER ROLE mapps_reader SET statement_timeout = '10min';

GRANT USAGE ON SCHEMA survey, calibration, production, wsdb, quality, release, reference
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA survey, calibration, production, wsdb, quality, release, reference
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA wsdb, release
    GRANT SELECT ON TABLES TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

GRANT ALL ON ALL TABLES IN SCHEMA survey, calibration, production, wsdb, quality, release, reference TO mapps_owner;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA survey, calibration, production, wsdb, quality, release
    TO mapps_owner, mapps_worker, mapps_operator;

-- Workers close tasks and attempts and add products; they delete only rows of an attempt that is being replaced.
GRANT INSERT, UPDATE ON production.task, production.attempt TO mapps_worker;
GRANT INSERT ON production.attempt_raw_file, production.attempt_calibration TO mapps_worker;
GRANT INSERT, UPDATE ON calibration.product, calibration.zero_point TO mapps_worker;
GRANT INSERT, DELETE ON wsdb.point_source, wsdb.extended_source, wsdb.atlas_image, quality.metric TO mapps_worker;

-- Operators ingest, queue, hold, recall, grade and release.
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA survey, production, quality, release, reference TO mapps_operator;
GRANT UPDATE (retired_at) ON calibration.product TO mapps_operator;

REVOKE ALL ON FUNCTION wsdb.create_run_partitions(integer, integer), wsdb.seal_run(integer),
    release.create_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wsdb.create_run_partitions(integer, integer), wsdb.seal_run(integer),
    release.create_partitions(integer) TO mapps_owner, mapps_operator;
