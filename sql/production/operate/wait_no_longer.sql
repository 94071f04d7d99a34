-- A task waits no longer for tasks that failed, are dead or held: an operator goes on without them.
DELETE FROM production.task_dependency
WHERE task_id = %(task_id)s AND upstream_task_id = ANY (%(given_up)s::bigint[])
