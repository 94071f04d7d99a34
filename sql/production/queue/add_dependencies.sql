-- New waiting scans wait for the calibration of their night.
INSERT INTO production.task_dependency (task_id, upstream_task_id)
SELECT t.task_id, u.task_id
FROM production.task AS t
JOIN production.task AS u ON u.run_id = t.run_id AND u.night_id = t.night_id AND u.kind = 'night_calibration'
WHERE t.task_id = ANY (%(task_ids)s::bigint[]) AND t.state = 'waiting'
