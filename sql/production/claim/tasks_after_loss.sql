-- running -> ready with a wait that doubles with every attempt (an hour at most), or dead when the attempts are used
-- up. Lost and transient attempts count, less those made before the operator's last retry.
WITH spent AS (
    SELECT t.task_id,
           (SELECT count(*) FROM production.attempt AS a
            WHERE a.task_id = t.task_id AND (a.outcome = 'lost' OR a.outcome = 'failed' AND a.family = 'transient'))
           - t.attempts_forgiven AS attempts
    FROM production.task AS t
    WHERE t.task_id = ANY (%(task_ids)s::bigint[]) AND t.state = 'running'
)
UPDATE production.task AS t
SET state = CASE WHEN spent.attempts >= t.max_attempts THEN 'dead' ELSE 'ready' END,
    changed_at = now(),
    not_before = now() + least(interval '1 hour',
                               make_interval(secs => %(backoff_seconds)s * 2.0 ^ least(spent.attempts - 1, 20))),
    reason = CASE WHEN spent.attempts >= t.max_attempts
                  THEN left(format('%%s attempts without success; the last: %%s', spent.attempts, %(reason)s::text), 500)
             END
FROM spent
WHERE t.task_id = spent.task_id
RETURNING t.task_id, t.state
