-- First statement of every closing transaction (publish, fail, give back): lock the attempt that holds the token.
-- Whoever holds this lock decides how the attempt ends; the reaper skips locked attempts. Order of locks everywhere:
-- attempt, then task, then dependent tasks by key.
SELECT outcome, output_hash, point_rows, extended_rows
FROM production.attempt
WHERE attempt_id = %(attempt_id)s AND token = %(token)s
FOR UPDATE
