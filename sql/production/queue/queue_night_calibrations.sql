-- One night_calibration for every night with raw scans of the selection. Before all scans.
INSERT INTO production.task (run_id, kind, night_id, state, priority, max_attempts)
SELECT DISTINCT %(run_id)s::integer, 'night_calibration', s.night_id, 'ready', 20, %(max_attempts)s::smallint
FROM survey.scan AS s JOIN survey.night AS n USING (night_id)
WHERE s.entry = 'raw' AND s.kind IN ('sci', 'cal')
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
  AND (%(tiles)s::integer[] IS NULL OR s.tile = ANY (%(tiles)s::integer[]))
ORDER BY s.night_id
ON CONFLICT DO NOTHING
RETURNING task_id
