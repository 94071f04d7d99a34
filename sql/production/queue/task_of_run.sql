-- The task of a run as a whole of one kind.
SELECT t.task_id, t.state FROM production.task AS t
WHERE t.run_id = %(run_id)s AND t.kind = %(kind)s AND t.scope = 'run'
