-- Tasks of a run by kind and state; `blocked` are waiting ones behind a failed, dead or held task.
SELECT t.kind, t.state, count(*) AS tasks,
       count(*) FILTER (WHERE t.state = 'waiting' AND EXISTS (
           SELECT FROM production.task_dependency AS d JOIN production.task AS u ON u.task_id = d.upstream_task_id
           WHERE d.task_id = t.task_id AND u.state IN ('failed', 'dead', 'held'))) AS blocked,
       min(t.changed_at) AS oldest_change, max(t.changed_at) AS latest_change
FROM production.task AS t JOIN production.run AS r USING (run_id)
WHERE r.name = %(name)s
GROUP BY t.kind, t.state
ORDER BY t.kind, t.state
