-- running -> failed: trying again cannot help (unprocessable input) or must not happen unseen (bug).
UPDATE production.task SET state = 'failed', changed_at = now(), reason = left(%(reason)s, 500)
WHERE task_id = %(task_id)s AND state = 'running'
RETURNING state
