-- waiting -> ready where everything upstream is done already.
UPDATE production.task AS t SET state = 'ready', changed_at = now()
WHERE t.task_id = ANY (%(task_ids)s::bigint[]) AND t.state = 'waiting'
  AND NOT EXISTS (SELECT FROM production.task_dependency AS d
                  JOIN production.task AS u ON u.task_id = d.upstream_task_id
                  WHERE d.task_id = t.task_id AND u.state <> 'done')
