-- ready -> waiting where something upstream has been recalled.
WITH blocked AS (
    SELECT t.task_id FROM production.task AS t
    WHERE t.run_id = %(run_id)s AND t.state = 'ready'
      AND EXISTS (SELECT FROM production.task_dependency AS d
                  JOIN production.task AS u ON u.task_id = d.upstream_task_id
                  WHERE d.task_id = t.task_id AND u.state <> 'done')
    ORDER BY t.task_id
    FOR UPDATE
)
UPDATE production.task AS t SET state = 'waiting', changed_at = now()
FROM blocked WHERE t.task_id = blocked.task_id AND t.state = 'ready'
