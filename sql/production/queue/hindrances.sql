-- What a task waits for and will not be done without a person.
SELECT u.task_id, u.kind, u.state, u.reason
FROM production.task_dependency AS d JOIN production.task AS u ON u.task_id = d.upstream_task_id
WHERE d.task_id = %(task_id)s AND u.state IN ('failed', 'dead', 'held')
ORDER BY u.task_id
