-- The task is done.
UPDATE production.task SET state = 'done', reason = NULL, changed_at = now() WHERE task_id = %(task_id)s
