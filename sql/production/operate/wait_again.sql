-- held -> waiting: settle_waiting follows in the same transaction and finds which of them are ready.
UPDATE production.task SET state = 'waiting', changed_at = now(), not_before = now(), reason = NULL
WHERE task_id = ANY (%(task_ids)s::bigint[]) AND state = 'held'
