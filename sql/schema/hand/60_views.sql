-- Views for people: operators look at tasks and scans, astronomers at where a source comes from. Made afresh after every
-- migration, so that a changed column list needs no ceremony; a migration that alters a column drops its views first.

DROP VIEW IF EXISTS production.task_overview;
CREATE VIEW production.task_overview AS
SELECT
    t.task_id, r.name AS run, t.kind, t.block, t.cell, n.date, n.hemis, s.scan, t.scan_key, s.tile, t.state, t.reason,
    tried.attempts, a.worker, a.outcome, a.error_code, a.error_text,
    now() - t.changed_at AS age,
    CASE WHEN a.ended_at IS NULL THEN a.expires_at - now() END AS lease_left
FROM production.task AS t
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n ON n.night_id = t.night_id
LEFT JOIN survey.scan AS s ON s.scan_key = t.scan_key
LEFT JOIN LATERAL (SELECT count(*) AS attempts FROM production.attempt AS c WHERE c.task_id = t.task_id) AS tried ON true
LEFT JOIN LATERAL (
    SELECT c.* FROM production.attempt AS c WHERE c.task_id = t.task_id ORDER BY c.attempt_id DESC LIMIT 1
) AS a ON true;
COMMENT ON VIEW production.task_overview IS 'Tasks with run, scan and last attempt: what is done, what waits, what went wrong';
COMMENT ON COLUMN production.task_overview.task_id IS 'Key of the task';
COMMENT ON COLUMN production.task_overview.run IS 'Name of the run';
COMMENT ON COLUMN production.task_overview.kind IS 'What is done';
COMMENT ON COLUMN production.task_overview.block IS 'Hardware block; null for tasks of another scope';
COMMENT ON COLUMN production.task_overview.cell IS 'HEALPix cell of order 3, nested; null for tasks of another scope';
COMMENT ON COLUMN production.task_overview.date IS 'Observation reference date of the night; null for tasks of larger scope';
COMMENT ON COLUMN production.task_overview.hemis IS 'Observatory letter; null for tasks of larger scope';
COMMENT ON COLUMN production.task_overview.scan IS 'Scan number in the night; null for tasks of larger scope';
COMMENT ON COLUMN production.task_overview.scan_key IS 'Key of the scan; null for tasks of larger scope';
COMMENT ON COLUMN production.task_overview.tile IS 'Tile of the scan; null where it has none';
COMMENT ON COLUMN production.task_overview.state IS 'State of the task';
COMMENT ON COLUMN production.task_overview.reason IS 'Why it is held, failed or dead; null otherwise';
COMMENT ON COLUMN production.task_overview.attempts IS 'Attempts so far';
COMMENT ON COLUMN production.task_overview.worker IS 'Worker of the last attempt; null before the first';
COMMENT ON COLUMN production.task_overview.outcome IS 'How the last attempt ended; null while it runs';
COMMENT ON COLUMN production.task_overview.error_code IS 'Error code of the last attempt; null unless it failed or was lost';
COMMENT ON COLUMN production.task_overview.error_text IS 'What went wrong in the last attempt; null unless it failed or was lost';
COMMENT ON COLUMN production.task_overview.age IS 'Time since the state changed';
COMMENT ON COLUMN production.task_overview.lease_left IS 'What is left of the lease, negative when it ran out; null unless running';

DROP VIEW IF EXISTS survey.scan_overview;
CREATE VIEW survey.scan_overview AS
SELECT
    s.scan_key, n.date, n.hemis, s.scan, s.kind, s.entry, s.tile, s.direction, s.started_at, s.ra, s.decl,
    s.frames_expected, s.frames_present, f.files, f.bands, f.bytes, done.runs
FROM survey.scan AS s
JOIN survey.night AS n USING (night_id)
LEFT JOIN LATERAL (
    SELECT
        count(*) AS files, sum(r.size_bytes)::bigint AS bytes,
        nullif(concat(CASE WHEN bool_or(r.band = 'j') THEN 'j' END, CASE WHEN bool_or(r.band = 'h') THEN 'h' END,
                      CASE WHEN bool_or(r.band = 'k') THEN 'k' END), '') AS bands
    FROM survey.raw_file AS r WHERE r.scan_key = s.scan_key
) AS f ON true
LEFT JOIN LATERAL (
    SELECT array_agg(r.name ORDER BY r.name) AS runs
    FROM production.task AS t JOIN production.run AS r USING (run_id)
    WHERE t.scan_key = s.scan_key AND t.state = 'done'
) AS done ON true;
COMMENT ON VIEW survey.scan_overview IS 'Scans with their night, files and the runs that have reduced them';
COMMENT ON COLUMN survey.scan_overview.scan_key IS 'Key of the scan';
COMMENT ON COLUMN survey.scan_overview.date IS 'Observation reference date of the night';
COMMENT ON COLUMN survey.scan_overview.hemis IS 'Observatory letter';
COMMENT ON COLUMN survey.scan_overview.scan IS 'Number in the night';
COMMENT ON COLUMN survey.scan_overview.kind IS 'sci, cal, dar, flt or tst';
COMMENT ON COLUMN survey.scan_overview.entry IS 'raw frames or finished Atlas images';
COMMENT ON COLUMN survey.scan_overview.tile IS 'Tile; null for darks and flats';
COMMENT ON COLUMN survey.scan_overview.direction IS 'n or s; null where unknown';
COMMENT ON COLUMN survey.scan_overview.started_at IS 'UTC of the first frame; null where unknown';
COMMENT ON COLUMN survey.scan_overview.ra IS 'Right ascension of the centre, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan_overview.decl IS 'Declination of the centre, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan_overview.frames_expected IS 'Frames the scan should have; null where unknown';
COMMENT ON COLUMN survey.scan_overview.frames_present IS 'Frames that are there; null for Atlas images';
COMMENT ON COLUMN survey.scan_overview.files IS 'Ingested files';
COMMENT ON COLUMN survey.scan_overview.bands IS 'Bands of the files; null without files';
COMMENT ON COLUMN survey.scan_overview.bytes IS 'Size of the files together; null without files';
COMMENT ON COLUMN survey.scan_overview.runs IS 'Runs in which the scan is done; null if there is none';

-- Where does this star come from? SELECT * FROM wsdb.provenance WHERE src_id = ...
DROP VIEW IF EXISTS wsdb.provenance;
CREATE VIEW wsdb.provenance AS
SELECT
    p.run_id, p.src_id, r.name AS run, a.attempt_id, a.worker, a.host, a.ended_at AS reduced_at, a.code_version, a.code_commit,
    pipeline.parameters_hash, a.input_hash, n.date, n.hemis, s.scan, s.scan_key, s.tile, p.coadd_key,
    ARRAY(SELECT f.url FROM production.attempt_raw_file AS u JOIN survey.raw_file AS f USING (raw_file_id)
          WHERE u.attempt_id = a.attempt_id ORDER BY position(f.band IN 'jhk'), f.url) AS raw_files,
    ARRAY(SELECT c.url FROM production.attempt_calibration AS u JOIN calibration.product AS c USING (calibration_id)
          WHERE u.attempt_id = a.attempt_id ORDER BY position(c.band IN 'jhk'), c.url) AS calibrations,
    (SELECT concat_ws(' ', coalesce(c.name, 'none'), c.content_hash)
     FROM production.attempt_reference AS u LEFT JOIN reference.catalogue AS c USING (catalogue_id)
     WHERE u.attempt_id = a.attempt_id) AS reference_catalogue,
    ARRAY(SELECT i.url FROM wsdb.atlas_measurement AS i
          WHERE i.attempt_id = a.attempt_id AND i.coadd_key = p.coadd_key ORDER BY position(i.band IN 'jhk')) AS atlas_images
FROM wsdb.point_measurement AS p
JOIN production.attempt AS a ON a.attempt_id = p.attempt_id AND a.run_id = p.run_id AND a.scan_key = p.scan_key
JOIN production.run AS r ON r.run_id = p.run_id
JOIN production.pipeline ON pipeline.pipeline_id = coalesce(a.pipeline_id, r.pipeline_id)
JOIN survey.scan AS s ON s.scan_key = p.scan_key
JOIN survey.night AS n USING (night_id);
COMMENT ON VIEW wsdb.provenance IS 'Where a point source comes from: run, attempt, code, scan, night and files';
COMMENT ON COLUMN wsdb.provenance.run_id IS 'Processing run';
COMMENT ON COLUMN wsdb.provenance.src_id IS 'Source (unique in a run)';
COMMENT ON COLUMN wsdb.provenance.run IS 'Name of the run';
COMMENT ON COLUMN wsdb.provenance.attempt_id IS 'Attempt that made the row';
COMMENT ON COLUMN wsdb.provenance.worker IS 'Worker that made it';
COMMENT ON COLUMN wsdb.provenance.host IS 'Host of the worker';
COMMENT ON COLUMN wsdb.provenance.reduced_at IS 'When the row was published';
COMMENT ON COLUMN wsdb.provenance.code_version IS 'Code version that ran';
COMMENT ON COLUMN wsdb.provenance.code_commit IS 'Commit that ran';
COMMENT ON COLUMN wsdb.provenance.parameters_hash IS 'SHA-256 of the parameters of the attempt';
COMMENT ON COLUMN wsdb.provenance.input_hash IS 'SHA-256 over files, calibrations, stars and pipeline; null until known';
COMMENT ON COLUMN wsdb.provenance.date IS 'Observation reference date of the night';
COMMENT ON COLUMN wsdb.provenance.hemis IS 'Observatory letter';
COMMENT ON COLUMN wsdb.provenance.scan IS 'Scan number in the night';
COMMENT ON COLUMN wsdb.provenance.scan_key IS 'Key of the scan';
COMMENT ON COLUMN wsdb.provenance.tile IS 'Tile; null where the scan has none';
COMMENT ON COLUMN wsdb.provenance.coadd_key IS 'Key of the Atlas image triple';
COMMENT ON COLUMN wsdb.provenance.raw_files IS 'Raw files that the attempt read';
COMMENT ON COLUMN wsdb.provenance.calibrations IS 'Calibration files that the attempt used';
COMMENT ON COLUMN wsdb.provenance.reference_catalogue IS 'Reference catalogue and its hash; null for scans that ask for none';
COMMENT ON COLUMN wsdb.provenance.atlas_images IS 'Atlas images of the source';

GRANT SELECT ON production.task_overview, survey.scan_overview, wsdb.provenance
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
