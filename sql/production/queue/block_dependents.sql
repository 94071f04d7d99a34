-- ready -> waiting where something upstream has been recalled, or added.
WITH blocked AS (
    SELECT t.task_id
    FROM production.task AS t JOIN production.task_kind AS k USING (kind, scope)
    WHERE t.state = 'ready'
      AND t.task_id IN (SELECT d.task_id FROM production.task_dependency AS d
                        WHERE d.upstream_task_id = ANY (%(task_ids)s::bigint[]))
      AND EXISTS (SELECT FROM production.task_dependency AS d
                  JOIN production.task AS u ON u.task_id = d.upstream_task_id
                  WHERE d.task_id = t.task_id AND u.state <> 'done')
    ORDER BY k.position, t.task_id
    FOR UPDATE OF t
)
UPDATE production.task AS t SET state = 'waiting', changed_at = now()
FROM blocked WHERE t.task_id = blocked.task_id AND t.state = 'ready'
