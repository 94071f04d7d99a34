-- Done tasks that wait for some others by the plan.
SELECT t.task_id, t.kind
FROM production.task AS t
WHERE t.state = 'done'
  AND t.task_id IN (SELECT d.task_id FROM production.task_dependency AS d
                    WHERE d.upstream_task_id = ANY (%(task_ids)s::bigint[]))
ORDER BY t.task_id
