-- Tasks of a run by kind and state; `blocked` are waiting ones behind a failed, dead or held task, directly or not.
WITH RECURSIVE behind AS (
    SELECT t.task_id
    FROM production.task AS t JOIN production.run AS r USING (run_id)
    WHERE r.name = %(name)s AND t.state IN ('failed', 'dead', 'held')
    UNION
    SELECT d.task_id
    FROM behind
    JOIN production.task_dependency AS d ON d.upstream_task_id = behind.task_id
    JOIN production.task AS t ON t.task_id = d.task_id AND t.state = 'waiting'
)
SELECT t.kind, t.state, count(*) AS tasks, count(*) FILTER (WHERE t.state = 'waiting' AND b.task_id IS NOT NULL) AS blocked,
       min(t.changed_at) AS oldest_change, max(t.changed_at) AS latest_change
FROM production.task AS t
JOIN production.run AS r USING (run_id)
LEFT JOIN behind AS b USING (task_id)
WHERE r.name = %(name)s
GROUP BY t.kind, t.state
ORDER BY t.kind, t.state
