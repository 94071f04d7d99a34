-- Tasks of open runs that nothing but a person gets on: failed, dead, and waiting behind such a one, directly or not.
WITH RECURSIVE stuck AS (
    SELECT t.task_id, t.run_id, t.state
    FROM production.task AS t
    JOIN production.run AS r USING (run_id)
    WHERE t.state IN ('failed', 'dead') AND r.state = 'open' AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
    UNION
    SELECT t.task_id, t.run_id, t.state
    FROM stuck
    JOIN production.task_dependency AS d ON d.upstream_task_id = stuck.task_id
    JOIN production.task AS t ON t.task_id = d.task_id
    WHERE t.state = 'waiting'
)
SELECT r.name, count(*) FILTER (WHERE stuck.state = 'failed') AS failed, count(*) FILTER (WHERE stuck.state = 'dead') AS dead,
       count(*) FILTER (WHERE stuck.state = 'waiting') AS blocked
FROM stuck
JOIN production.run AS r USING (run_id)
GROUP BY r.run_id, r.name
ORDER BY r.name
