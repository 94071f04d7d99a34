-- Lock the tasks that wait for one, in the order of the plan and of their keys, before asking whether all they wait for
-- is done: two last upstream tasks that publish at the same moment would otherwise each see the other as running.
SELECT t.task_id
FROM production.task AS t JOIN production.task_kind AS k USING (kind, scope)
WHERE t.state = 'waiting'
  AND t.task_id IN (SELECT d.task_id FROM production.task_dependency AS d WHERE d.upstream_task_id = %(task_id)s)
ORDER BY k.position, t.task_id
FOR NO KEY UPDATE OF t
