-- A photometric solution, with the code of the attempt that made it.
INSERT INTO calibration.solution (kind, run_id, night_id, attempt_id, parameters, input_hash, content_hash, code_version,
                                  code_commit, facts, state)
SELECT %(kind)s, %(run_id)s, %(night_id)s, a.attempt_id, %(parameters)s, %(input_hash)s, %(content_hash)s, a.code_version,
       a.code_commit, %(facts)s, %(state)s
FROM production.attempt AS a
WHERE a.attempt_id = %(attempt_id)s
RETURNING solution_id
