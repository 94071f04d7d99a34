-- Tasks of a run that need a person, failed, dead and held ones: one row a kind, state and reason, with its first task.
SELECT count(*) AS tasks, t.kind, t.state, t.reason, min(t.task_id) AS task_id,
       (array_agg(t.block ORDER BY t.task_id))[1] AS block, (array_agg(t.cell ORDER BY t.task_id))[1] AS cell,
       (array_agg(n.date ORDER BY t.task_id))[1] AS date,
       (array_agg(n.hemis ORDER BY t.task_id))[1] AS hemis, (array_agg(s.scan ORDER BY t.task_id))[1] AS scan
FROM production.task AS t
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s USING (scan_key)
WHERE r.name = %(name)s AND t.state IN ('failed', 'dead', 'held')
GROUP BY t.kind, t.state, t.reason
ORDER BY count(*) DESC, min(t.task_id)
LIMIT %(limit)s
