-- Those of some numbers that no task of the run has.
SELECT wanted.task_id
FROM unnest(%(task_ids)s::bigint[]) AS wanted (task_id)
WHERE NOT EXISTS (SELECT FROM production.task AS t WHERE t.task_id = wanted.task_id AND t.run_id = %(run_id)s)
ORDER BY wanted.task_id
