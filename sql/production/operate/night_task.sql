-- The solution task of a night of a run, with what it waits for that will not be done by itself.
SELECT t.task_id, t.state,
       ARRAY(SELECT d.upstream_task_id FROM production.task_dependency AS d
             JOIN production.task AS u ON u.task_id = d.upstream_task_id
             WHERE d.task_id = t.task_id AND u.state IN ('failed', 'dead', 'held')
             ORDER BY d.upstream_task_id) AS given_up
FROM production.task AS t JOIN survey.night AS n USING (night_id)
WHERE t.run_id = %(run_id)s AND t.kind = 'night_solution' AND n.date = %(date)s
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
ORDER BY t.task_id
