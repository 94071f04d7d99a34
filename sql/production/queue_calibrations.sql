-- Night calibration tasks for the nights of the selected raw scans.
INSERT INTO production.task (run_id, kind, night_id, state, priority, max_attempts)
SELECT DISTINCT %(run_id)s::integer, 'night_calibration', s.night_id, 'ready', 20, %(max_attempts)s::smallint
FROM survey.scan AS s
JOIN survey.night AS n USING (night_id)
WHERE s.entry = 'raw' AND s.kind IN ('cal', 'sci')
  AND (%(night)s::date IS NULL OR n.date = %(night)s)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s)
  AND (%(scan)s::integer IS NULL OR s.scan = %(scan)s)
  AND (%(tile)s::integer IS NULL OR s.tile = %(tile)s)
ORDER BY s.night_id
ON CONFLICT DO NOTHING
RETURNING task_id
