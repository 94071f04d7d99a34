-- Let held tasks go on: ready, or waiting where something upstream is not done.
UPDATE production.task AS t
SET state = CASE WHEN EXISTS (
        SELECT FROM production.task_dependency AS d JOIN production.task AS u ON u.task_id = d.upstream_task_id
        WHERE d.task_id = t.task_id AND u.state <> 'done') THEN 'waiting' ELSE 'ready' END,
    reason = NULL, not_before = now(), changed_at = now()
WHERE t.run_id = %(run_id)s AND t.state = 'held' AND (%(task_ids)s::bigint[] IS NULL OR t.task_id = ANY(%(task_ids)s))
RETURNING t.task_id
