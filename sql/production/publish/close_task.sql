-- Publication: the task of the closed attempt is done.
UPDATE production.task SET state = 'done', changed_at = now(), reason = NULL
WHERE task_id = %(task_id)s AND state = 'running'
RETURNING task_id
