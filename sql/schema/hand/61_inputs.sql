-- Everything an attempt depended on, one row an input; the kinds are those of InputKind in app/models/production.py. Recall,
-- the list of stale tasks and replay read it.
DROP VIEW IF EXISTS production.attempt_input;
CREATE VIEW production.attempt_input AS
SELECT u.attempt_id, 'raw_file' AS kind, u.raw_file_id AS input_key, f.url AS input,
       coalesce(u.sha256, f.sha256) AS content_hash
FROM production.attempt_raw_file AS u JOIN survey.raw_file AS f USING (raw_file_id)
UNION ALL
SELECT u.attempt_id, 'calibration', u.calibration_id, c.url, c.sha256
FROM production.attempt_calibration AS u JOIN calibration.product AS c USING (calibration_id)
UNION ALL
SELECT u.attempt_id, 'reference', u.catalogue_id, coalesce(c.name, 'none'), u.stars_hash
FROM production.attempt_reference AS u LEFT JOIN reference.catalogue AS c USING (catalogue_id)
UNION ALL
SELECT u.attempt_id, 'attempt', u.upstream_attempt_id, NULL, m.output_hash
FROM production.attempt_upstream AS u JOIN production.attempt AS m ON m.attempt_id = u.upstream_attempt_id
UNION ALL
-- Whoever used a product used what its attempt made.
SELECT DISTINCT u.attempt_id, 'attempt', m.attempt_id, NULL::text, m.output_hash
FROM production.attempt_calibration AS u
JOIN calibration.product AS c USING (calibration_id)
JOIN production.attempt AS m ON m.attempt_id = c.attempt_id
UNION ALL
SELECT a.attempt_id, 'pipeline', a.pipeline_id, concat_ws(' ', p.code_version, p.code_commit), p.pipeline_hash
FROM production.attempt AS a JOIN production.pipeline AS p USING (pipeline_id);
COMMENT ON VIEW production.attempt_input IS 'What attempts depended on, of every kind';
COMMENT ON COLUMN production.attempt_input.attempt_id IS 'Attempt';
COMMENT ON COLUMN production.attempt_input.kind IS 'raw_file, calibration, reference, attempt or pipeline';
COMMENT ON COLUMN production.attempt_input.input_key IS 'Key of the file, product, catalogue, attempt or pipeline; null where no catalogue was loaded';
COMMENT ON COLUMN production.attempt_input.input IS 'Its place or name; null for attempts';
COMMENT ON COLUMN production.attempt_input.content_hash IS 'SHA-256 of what was read: file, product, the very stars, published rows, pipeline';

GRANT SELECT ON production.attempt_input TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
