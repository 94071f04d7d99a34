-- What waits for what. A task that has begun goes on with what it found: it does not wait for later ones.
INSERT INTO production.task_dependency (task_id, upstream_task_id)
SELECT e.task_id, e.upstream_task_id
FROM unnest(%(task_ids)s::bigint[], %(upstream_ids)s::bigint[]) AS e (task_id, upstream_task_id)
JOIN production.task AS t USING (task_id)
WHERE t.state NOT IN ('running', 'done')
ON CONFLICT DO NOTHING
