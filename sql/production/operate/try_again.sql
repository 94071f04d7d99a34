-- failed, dead or done -> waiting, with all attempts so far forgiven; settle_waiting follows in the same transaction.
-- The attempts themselves stay, and so do their tokens: nothing an operator does makes an old token good again.
UPDATE production.task AS t
SET state = 'waiting', changed_at = now(), not_before = now(), reason = NULL,
    attempts_forgiven = (SELECT count(*) FROM production.attempt AS a
                         WHERE a.task_id = t.task_id
                           AND (a.outcome = 'lost' OR a.outcome = 'failed' AND a.family = 'transient'))
WHERE t.task_id = ANY (%(task_ids)s::bigint[]) AND t.state IN ('failed', 'dead', 'done')
