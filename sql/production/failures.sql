-- Failed and dead tasks of a run, grouped by error: what an operator looks at first.
SELECT t.kind, t.state, coalesce(t.reason, '-') AS error_code, count(*) AS tasks, min(a.error_text) AS example
FROM production.task AS t
JOIN production.run AS r USING (run_id)
LEFT JOIN LATERAL (
    SELECT error_text FROM production.attempt AS a WHERE a.task_id = t.task_id ORDER BY a.attempt_id DESC LIMIT 1
) AS a ON true
WHERE r.name = %(run)s AND t.state IN ('failed', 'dead')
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3
