-- running -> ready at once: the attempt was given back, which is nobody's fault and does not count.
UPDATE production.task SET state = 'ready', changed_at = now(), not_before = now(), reason = NULL
WHERE task_id = %(task_id)s AND state = 'running'
RETURNING state
