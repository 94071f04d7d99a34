-- Inputs of done tasks of a run that changed, came late or were recalled since. A product or rows that were made again with
-- the same content are no change. Files that a task might have read count when they were taken in after its claim.
WITH accepted AS (
    SELECT a.attempt_id, a.task_id, a.scan_key, a.started_at, a.run_id, t.kind, t.scope, t.night_id, t.block
    FROM production.attempt AS a
    JOIN production.task AS t USING (task_id)
    JOIN production.run AS r ON r.run_id = a.run_id
    LEFT JOIN survey.night AS n ON n.night_id = t.night_id
    LEFT JOIN survey.scan AS s ON s.scan_key = t.scan_key
    WHERE r.name = %(name)s AND a.accepted AND t.state = 'done'
      AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
      AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
      AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
)
SELECT c.task_id, c.attempt_id, 'raw_file' AS input, 'changed' AS again, format('file %%s was replaced', f.url) AS told
FROM accepted AS c
JOIN production.attempt_raw_file AS u USING (attempt_id)
JOIN survey.raw_file AS f USING (raw_file_id)
WHERE u.sha256 <> f.sha256
UNION ALL
SELECT c.task_id, c.attempt_id, 'raw_file', 'late', format('file %%s came later', f.url)
FROM accepted AS c
JOIN LATERAL (
    SELECT f.* FROM survey.raw_file AS f WHERE c.scope = 'scan' AND f.scan_key = c.scan_key
    UNION ALL
    SELECT f.* FROM survey.scan AS s JOIN survey.raw_file AS f USING (scan_key)
    WHERE c.scope = 'night' AND s.night_id = c.night_id AND s.kind IN ('dar', 'flt')
) AS f ON f.ingested_at > c.started_at
WHERE NOT EXISTS (SELECT FROM production.attempt_raw_file AS u
                  WHERE u.attempt_id = c.attempt_id AND u.raw_file_id = f.raw_file_id)
UNION ALL
SELECT c.task_id, c.attempt_id, 'calibration', CASE WHEN n.sha256 IS NULL THEN 'recalled' ELSE 'changed' END,
       format('calibration %%s of band %%s was %%s', p.calibration_id, p.band,
              CASE WHEN n.sha256 IS NULL THEN 'recalled' ELSE 'made again' END)
FROM accepted AS c
JOIN production.attempt_calibration AS u USING (attempt_id)
JOIN calibration.product AS p USING (calibration_id)
LEFT JOIN LATERAL (
    SELECT q.sha256 FROM calibration.product AS q
    WHERE q.run_id = p.run_id AND q.kind = p.kind AND q.hemis = p.hemis AND q.band = p.band AND q.camera = p.camera
      AND q.valid && p.valid AND q.block IS NOT DISTINCT FROM p.block AND q.retired_at IS NULL
    LIMIT 1
) AS n ON true
WHERE p.retired_at IS NOT NULL AND n.sha256 IS DISTINCT FROM p.sha256
UNION ALL
-- Scans of nights that belong to another block now.
SELECT c.task_id, c.attempt_id, 'calibration', 'changed',
       format('calibration %%s is of block %%s, the night is of %%s now', p.calibration_id, p.block, n.block)
FROM accepted AS c
JOIN production.attempt_calibration AS u USING (attempt_id)
JOIN calibration.product AS p USING (calibration_id)
JOIN survey.night AS n ON n.night_id = c.night_id
WHERE c.scope = 'scan' AND p.kind <> 'night' AND p.block IS DISTINCT FROM n.block
UNION ALL
-- Nights of a block that were calibrated after it was combined, or belong to another block now.
SELECT c.task_id, c.attempt_id, 'calibration', 'late',
       format('night %%s%%s of the block was calibrated later: band %%s', n.date, n.hemis, p.band)
FROM accepted AS c
JOIN survey.night AS n ON n.block = c.block
JOIN calibration.product AS p ON p.night_id = n.night_id AND p.run_id = c.run_id AND p.kind = 'night' AND p.retired_at IS NULL
WHERE c.kind = 'block_calibration'
  AND NOT EXISTS (SELECT FROM production.attempt_calibration AS u JOIN calibration.product AS o USING (calibration_id)
                  WHERE u.attempt_id = c.attempt_id AND o.night_id = p.night_id AND o.band = p.band AND o.camera = p.camera)
UNION ALL
SELECT c.task_id, c.attempt_id, 'calibration', 'changed', format('night %%s%%s belongs to block %%s now', n.date, n.hemis, n.block)
FROM accepted AS c
JOIN production.attempt_calibration AS u USING (attempt_id)
JOIN calibration.product AS p USING (calibration_id)
JOIN survey.night AS n ON n.night_id = p.night_id
WHERE c.scope = 'block' AND n.block IS DISTINCT FROM c.block
UNION ALL
SELECT c.task_id, c.attempt_id, 'reference', CASE WHEN u.catalogue_id IS NULL THEN 'late' ELSE 'changed' END,
       format('reference catalogue %%s, now %%s', coalesce(o.name || ' ' || left(o.content_hash, 12), 'none'),
              n.name || ' ' || left(n.content_hash, 12))
FROM accepted AS c
JOIN production.attempt_reference AS u USING (attempt_id)
LEFT JOIN reference.catalogue AS o USING (catalogue_id)
JOIN reference.catalogue AS n ON n.state = 'current'
WHERE n.catalogue_id IS DISTINCT FROM u.catalogue_id
UNION ALL
SELECT c.task_id, c.attempt_id, 'attempt', CASE WHEN n.output_hash IS NULL THEN 'recalled' ELSE 'changed' END,
       format('attempt %%s gave way to %%s', m.attempt_id, coalesce(n.attempt_id::text, 'none'))
FROM accepted AS c
JOIN production.attempt_upstream AS u USING (attempt_id)
JOIN production.attempt AS m ON m.attempt_id = u.upstream_attempt_id
LEFT JOIN production.attempt AS n ON n.task_id = m.task_id AND n.accepted
WHERE NOT m.accepted AND n.output_hash IS DISTINCT FROM m.output_hash
UNION ALL
-- Calibration scans that were reduced after their night was solved.
SELECT c.task_id, c.attempt_id, 'attempt', 'late', format('calibration scan %%s was reduced later', s.scan)
FROM accepted AS c
JOIN survey.scan AS s ON s.night_id = c.night_id AND s.kind = 'cal'
JOIN production.task AS t ON t.run_id = c.run_id AND t.kind = 'scan' AND t.scan_key = s.scan_key AND t.state = 'done'
JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
WHERE c.kind = 'night_solution'
  AND NOT EXISTS (SELECT FROM production.attempt_upstream AS u JOIN production.attempt AS m ON m.attempt_id = u.upstream_attempt_id
                  WHERE u.attempt_id = c.attempt_id AND m.task_id = t.task_id)
UNION ALL
-- Scans of a block that were reduced after its library was combined.
SELECT c.task_id, c.attempt_id, 'attempt', 'late', format('scan %%s of night %%s%%s was reduced later', s.scan, n.date, n.hemis)
FROM accepted AS c
JOIN survey.night AS n ON n.block = c.block
JOIN survey.scan AS s ON s.night_id = n.night_id AND s.kind IN ('sci', 'cal') AND s.entry = 'raw'
JOIN production.task AS t ON t.run_id = c.run_id AND t.kind = 'scan' AND t.scan_key = s.scan_key AND t.state = 'done'
JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted AND a.ended_at > c.started_at
WHERE c.kind = 'block_library'
  AND NOT EXISTS (SELECT FROM production.attempt_upstream AS u WHERE u.attempt_id = c.attempt_id AND u.upstream_attempt_id = a.attempt_id)
UNION ALL
-- Scans that were reduced after their night was graded.
SELECT c.task_id, c.attempt_id, 'attempt', 'late', format('scan %%s was reduced later', s.scan)
FROM accepted AS c
JOIN survey.scan AS s ON s.night_id = c.night_id AND s.kind IN ('sci', 'cal')
JOIN production.task AS t ON t.run_id = c.run_id AND t.kind = 'scan' AND t.scan_key = s.scan_key AND t.state = 'done'
JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
WHERE c.kind = 'night_grades'
  AND NOT EXISTS (SELECT FROM production.attempt_upstream AS u JOIN production.attempt AS m ON m.attempt_id = u.upstream_attempt_id
                  WHERE u.attempt_id = c.attempt_id AND m.task_id = t.task_id)
UNION ALL
-- Solutions that were adopted after their night was graded.
SELECT c.task_id, c.attempt_id, 'attempt', 'changed', format('solution %%s was adopted', d.solution_id)
FROM accepted AS c
JOIN calibration.adoption AS d ON d.run_id = c.run_id AND d.night_id = c.night_id
JOIN calibration.solution AS s ON s.solution_id = d.solution_id AND s.state = 'accepted'
JOIN production.attempt AS m ON m.attempt_id = s.attempt_id AND m.accepted
WHERE c.kind = 'night_grades'
  AND NOT EXISTS (SELECT FROM production.attempt_upstream AS u
                  WHERE u.attempt_id = c.attempt_id AND u.upstream_attempt_id = m.attempt_id)
UNION ALL
-- Standards near the night's calibration scans that were loaded after it was solved.
SELECT c.task_id, c.attempt_id, 'standard', 'late', format('standards %%s were loaded later', k.name)
FROM accepted AS c
JOIN reference.standard_catalogue AS k ON k.state = 'current' AND k.loaded_at > c.started_at
WHERE c.kind = 'night_solution'
  AND EXISTS (SELECT FROM survey.scan AS s
              JOIN reference.standard_star AS r ON r.catalogue_id = k.catalogue_id AND r.retired_at IS NULL
               AND spoint(radians(r.ra), radians(r.decl)) <@ scircle(spoint(radians(s.ra), radians(s.decl)), radians(1))
              WHERE s.night_id = c.night_id AND s.kind = 'cal' AND s.ra IS NOT NULL)
UNION ALL
-- Standards that its solution used and that are retired, gone, or have other values now.
SELECT DISTINCT c.task_id, c.attempt_id, 'standard', 'changed', format('standard %%s was retired or replaced', u.standard)
FROM accepted AS c
JOIN calibration.solution AS s ON s.attempt_id = c.attempt_id AND s.kind = 'night'
JOIN calibration.standard_used AS u USING (solution_id)
WHERE NOT EXISTS (SELECT FROM reference.standard_star AS r JOIN reference.standard_catalogue AS k USING (catalogue_id)
                  WHERE r.name = u.standard AND r.star_hash = u.star_hash AND r.retired_at IS NULL AND k.state = 'current')
ORDER BY task_id, input, told
