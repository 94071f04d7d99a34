-- All tasks of a run with their states.
SELECT t.task_id, t.state FROM production.task AS t WHERE t.run_id = %(run_id)s ORDER BY t.task_id
