-- Every closed attempt has an outcome, and a task has an open attempt exactly while it runs.
SELECT t.task_id, t.state, a.attempt_id, a.ended_at, a.outcome
FROM production.task AS t
LEFT JOIN production.attempt AS a ON a.task_id = t.task_id AND a.ended_at IS NULL
WHERE (t.state = 'running') <> (a.attempt_id IS NOT NULL)
UNION ALL
SELECT a.task_id, NULL, a.attempt_id, a.ended_at, a.outcome
FROM production.attempt AS a
WHERE (a.ended_at IS NULL) <> (a.outcome IS NULL);
