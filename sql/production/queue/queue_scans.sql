-- One scan task for every ingested scan of the selection that a run can reduce; darks and flats are input of the
-- night's calibration. Calibration scans before survey scans. Those of raw frames wait for their night.
INSERT INTO production.task (run_id, kind, night_id, scan_key, state, priority, max_attempts)
SELECT %(run_id)s::integer, 'scan', s.night_id, s.scan_key, CASE s.entry WHEN 'raw' THEN 'waiting' ELSE 'ready' END,
       CASE s.kind WHEN 'cal' THEN 10 ELSE 0 END, %(max_attempts)s::smallint
FROM survey.scan AS s JOIN survey.night AS n USING (night_id)
WHERE s.kind IN ('sci', 'cal')
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
  AND (%(tiles)s::integer[] IS NULL OR s.tile = ANY (%(tiles)s::integer[]))
ORDER BY n.date, n.hemis, s.scan
ON CONFLICT DO NOTHING
RETURNING task_id
