-- waiting or ready -> held.
UPDATE production.task SET state = 'held', changed_at = now(), reason = %(reason)s
WHERE task_id = ANY (%(task_ids)s::bigint[]) AND state IN ('waiting', 'ready')
