-- An attempt failed. Transient: ready again after a wait that doubles, dead after max_attempts. Input or bug: failed,
-- because trying again cannot help.
WITH closed AS (
    UPDATE production.attempt
    SET ended_at = now(), outcome = 'failed', family = %(family)s, error_code = %(error_code)s,
        error_text = %(error_text)s, cpu_seconds = %(cpu_seconds)s, wall_seconds = %(wall_seconds)s,
        peak_memory_bytes = %(peak_memory_bytes)s
    WHERE attempt_id = %(attempt_id)s AND token = %(token)s AND ended_at IS NULL
    RETURNING task_id
), tried AS (
    -- The closed attempt still looks open to this snapshot; it is the 1 that is added.
    SELECT closed.task_id, 1 + count(a.attempt_id) - t.attempts_forgiven AS attempts, t.max_attempts
    FROM closed
    JOIN production.task AS t USING (task_id)
    LEFT JOIN production.attempt AS a ON a.task_id = closed.task_id AND a.outcome IN ('failed', 'lost')
    GROUP BY closed.task_id, t.attempts_forgiven, t.max_attempts
)
UPDATE production.task AS t
SET state = CASE WHEN %(family)s <> 'transient' THEN 'failed' WHEN attempts >= tried.max_attempts THEN 'dead'
                 ELSE 'ready' END,
    not_before = now() + make_interval(secs => %(backoff_seconds)s * 2 ^ least(attempts - 1, 10)),
    reason = %(error_code)s, changed_at = now()
FROM tried WHERE t.task_id = tried.task_id
RETURNING t.state
