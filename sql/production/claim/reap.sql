-- Close attempts whose lease ran out as lost; tasks_after_loss follows in the same transaction. Bounded and ordered,
-- and rows that a publication or another reaper holds are skipped: a rescue never queues up behind anything.
WITH expired AS (
    SELECT attempt_id FROM production.attempt
    WHERE ended_at IS NULL AND expires_at < now()
    ORDER BY expires_at, attempt_id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE production.attempt AS a
SET ended_at = clock_timestamp(), outcome = 'lost', error_code = 'LEASE_EXPIRED',
    error_text = format('worker %%s on %%s (process %%s) was last heard of at %%s', a.worker, a.host, a.process_id,
                        a.renewed_at)
FROM expired
WHERE a.attempt_id = expired.attempt_id
RETURNING a.task_id
