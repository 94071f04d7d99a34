-- The accepted attempt that a new one of the same task replaces, if any (a task requeued by a recall).
UPDATE production.attempt SET accepted = false
WHERE task_id = %(task_id)s AND accepted AND attempt_id <> %(attempt_id)s
RETURNING attempt_id
