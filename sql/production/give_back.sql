-- A worker that is told to stop returns its task untouched. It does not count as an attempt that failed.
WITH closed AS (
    UPDATE production.attempt
    SET ended_at = now(), outcome = 'given_back', cpu_seconds = %(cpu_seconds)s, wall_seconds = %(wall_seconds)s,
        peak_memory_bytes = %(peak_memory_bytes)s
    WHERE attempt_id = %(attempt_id)s AND token = %(token)s AND ended_at IS NULL
    RETURNING task_id
)
UPDATE production.task AS t SET state = 'ready', not_before = now(), changed_at = now()
FROM closed WHERE t.task_id = closed.task_id
RETURNING t.state
