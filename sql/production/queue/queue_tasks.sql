-- One task for everything that the plan has to do about a selection of scans and the run does not have yet: a task a
-- scan, night, block or run, whatever the scope of the kind is. All begin as waiting; settle_waiting finds the ready
-- ones when the dependencies are added. Darks and flats are input of the night's calibration and have no task.
-- Kinds of `of_whole_blocks` are queued for every night with darks of a block that is queued, whatever was selected: a
-- block is made of all its nights.
WITH plan AS (
    SELECT * FROM jsonb_to_recordset(%(plan)s::jsonb) AS p (
        position smallint, kind text, scope text, entries text[], of_scans text[], priority smallint,
        calibration_priority smallint)
), selected AS (
    SELECT s.scan_key, s.scan, s.kind AS scan_kind, s.entry, s.night_id, n.date, n.hemis, n.block
    FROM survey.scan AS s JOIN survey.night AS n USING (night_id)
    WHERE s.kind IN ('sci', 'cal') AND (s.kind = 'cal' OR NOT %(calibration_only)s)
      AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
      AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
      AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
      AND (%(tiles)s::integer[] IS NULL OR s.tile = ANY (%(tiles)s::integer[]))
      -- A final run reduces the scans that were selected for it and the calibration scans of their nights.
      AND (NOT EXISTS (SELECT FROM production.final_run AS f WHERE f.run_id = %(run_id)s::integer)
           OR s.scan_key IN (SELECT c.scan_key FROM production.final_scan AS c WHERE c.run_id = %(run_id)s::integer)
           OR s.kind = 'cal' AND s.night_id IN (
               SELECT c.scan_key >> 10 FROM production.final_scan AS c WHERE c.run_id = %(run_id)s::integer))
), wanted AS (
    SELECT
        p.position, p.kind, p.scope,
        CASE WHEN p.scope IN ('scan', 'night') THEN c.night_id END AS night_id,
        CASE WHEN p.scope IN ('scan', 'night') THEN c.date END AS date,
        CASE WHEN p.scope IN ('scan', 'night') THEN c.hemis END AS hemis,
        CASE WHEN p.scope = 'scan' THEN c.scan_key END AS scan_key,
        CASE WHEN p.scope = 'scan' THEN c.scan END AS scan,
        CASE WHEN p.scope = 'block' THEN c.block END AS block,
        CASE WHEN p.scope = 'scan' AND c.scan_kind = 'cal' THEN p.calibration_priority ELSE p.priority END AS priority
    FROM plan AS p
    JOIN selected AS c ON c.entry = ANY (p.entries) AND c.scan_kind = ANY (p.of_scans)
    UNION
    SELECT p.position, p.kind, p.scope, n.night_id, n.date, n.hemis, NULL, NULL, NULL, p.priority
    FROM plan AS p
    JOIN survey.night AS n
        ON n.block IN (SELECT c.block FROM plan AS b JOIN selected AS c
                           ON c.entry = ANY (b.entries) AND c.scan_kind = ANY (b.of_scans)
                       WHERE b.scope = 'block')
    WHERE p.kind = ANY (%(of_whole_blocks)s::text[])
      AND EXISTS (SELECT FROM survey.scan AS d WHERE d.night_id = n.night_id AND d.kind = 'dar')
)
INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, block, state, priority, max_attempts)
SELECT %(run_id)s::integer, kind, scope, night_id, scan_key, block, 'waiting', priority, %(max_attempts)s::smallint
FROM wanted
ORDER BY position, date, hemis, scan, block
ON CONFLICT DO NOTHING
RETURNING task_id
