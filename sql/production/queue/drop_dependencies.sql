-- A task no longer waits for some others: it is to be done without what they would have made.
DELETE FROM production.task_dependency
WHERE task_id = %(task_id)s AND upstream_task_id = ANY (%(upstream_ids)s::bigint[])
