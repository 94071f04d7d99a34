-- Accepted attempts of a run.
SELECT a.attempt_id
FROM production.attempt AS a JOIN production.run AS r USING (run_id)
WHERE r.name = %(run)s AND a.accepted
ORDER BY a.attempt_id
