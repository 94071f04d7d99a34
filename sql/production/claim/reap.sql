-- Close attempts whose lease ran out as lost; tasks_after_loss follows in the same transaction. Bounded and ordered,
-- and attempts and tasks that a publication, an operator or another reaper holds are skipped: a rescue never queues up
-- behind anything, and so never stands in a circle of waits.
WITH expired AS (
    SELECT a.attempt_id FROM production.attempt AS a JOIN production.task AS t USING (task_id)
    WHERE a.ended_at IS NULL AND a.expires_at < now()
    ORDER BY a.expires_at, a.attempt_id
    LIMIT %(limit)s
    FOR UPDATE OF a, t SKIP LOCKED
)
UPDATE production.attempt AS a
SET ended_at = clock_timestamp(), outcome = 'lost', error_code = 'LEASE_EXPIRED',
    error_text = format('worker %%s on %%s (process %%s) was last heard of at %%s', a.worker, a.host, a.process_id,
                        a.renewed_at)
FROM expired
WHERE a.attempt_id = expired.attempt_id
RETURNING a.task_id
