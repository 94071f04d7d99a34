-- waiting -> ready where everything upstream is done. A statement of its own after lock_dependents, so that it sees
-- what committed while it waited for the locks.
UPDATE production.task AS t SET state = 'ready', changed_at = now(), not_before = now()
WHERE t.state = 'waiting'
  AND t.task_id IN (SELECT d.task_id FROM production.task_dependency AS d WHERE d.upstream_task_id = %(task_id)s)
  AND NOT EXISTS (SELECT FROM production.task_dependency AS d
                  JOIN production.task AS u ON u.task_id = d.upstream_task_id
                  WHERE d.task_id = t.task_id AND u.state <> 'done')
RETURNING t.task_id
