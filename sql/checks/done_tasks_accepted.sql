-- Every done task has exactly one accepted attempt.
SELECT t.task_id, t.run_id, t.kind, t.scan_key, count(a.attempt_id) AS accepted
FROM production.task AS t
LEFT JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
WHERE t.state = 'done'
GROUP BY t.task_id
HAVING count(a.attempt_id) <> 1
ORDER BY t.task_id;
