-- Attempts whose rows the solution was made of: those that its own attempt read.
INSERT INTO calibration.attempt_used (solution_id, attempt_id)
SELECT %(solution_id)s, u.upstream_attempt_id
FROM production.attempt_upstream AS u
WHERE u.attempt_id = %(attempt_id)s
