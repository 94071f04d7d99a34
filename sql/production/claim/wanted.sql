-- Whether a task that was given back still waits for a worker.
SELECT t.state = 'ready' AND r.state = 'open'
FROM production.task AS t JOIN production.run AS r USING (run_id)
WHERE t.task_id = %(task_id)s
