-- Queue the tasks of another run again in this one, with the nights' calibrations that their scans need.
INSERT INTO production.task (run_id, kind, night_id, scan_key, state, priority, max_attempts)
SELECT %(run_id)s::integer, t.kind, t.night_id, t.scan_key,
       CASE WHEN t.kind = 'scan' AND s.entry = 'raw' THEN 'waiting' ELSE 'ready' END, t.priority,
       %(max_attempts)s::smallint
FROM production.task AS t LEFT JOIN survey.scan AS s USING (scan_key)
WHERE t.task_id = ANY (%(task_ids)s::bigint[])
   OR t.kind = 'night_calibration'
      AND t.task_id IN (SELECT d.upstream_task_id FROM production.task_dependency AS d
                        WHERE d.task_id = ANY (%(task_ids)s::bigint[]))
ORDER BY t.priority DESC, t.task_id
ON CONFLICT DO NOTHING
RETURNING task_id
