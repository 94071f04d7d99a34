-- A global astrometric solution, with the code of the attempt that made it.
INSERT INTO calibration.astrometry (run_id, attempt_id, parameters, input_hash, content_hash, code_version, code_commit, facts)
SELECT %(run_id)s, a.attempt_id, %(parameters)s, %(input_hash)s, %(content_hash)s, a.code_version, a.code_commit, %(facts)s
FROM production.attempt AS a
WHERE a.attempt_id = %(attempt_id)s
RETURNING astrometry_id
