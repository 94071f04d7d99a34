-- Which tasks of a run wait for which by the plan, as far as one of the two is new. The new ones are those from a key
-- on: keys only grow, and whoever queues holds the run. One branch a relation, so that each finds its tasks by the
-- unique key of production.task: the server has no statistics of tasks that this transaction adds, and a join of
-- 60,000 scans with 1,200 nights by a common expression took 7.5 s instead of 0.2.
WITH edge AS (
    SELECT * FROM jsonb_to_recordset(%(edges)s::jsonb) AS e (
        kind text, upstream_kind text, same text, entries text[], of_scans text[])
)
SELECT t.task_id, u.task_id AS upstream_task_id
FROM edge AS e
JOIN production.task AS t ON t.run_id = %(run_id)s AND t.kind = e.kind
LEFT JOIN survey.scan AS s ON s.scan_key = t.scan_key
LEFT JOIN survey.night AS n ON n.night_id = t.night_id
CROSS JOIN LATERAL (
    SELECT u.task_id, u.scan_key FROM production.task AS u
    WHERE e.same = 'scan' AND u.run_id = t.run_id AND u.kind = e.upstream_kind
      AND u.night_id = t.night_id AND u.scan_key = t.scan_key
    UNION ALL
    SELECT u.task_id, u.scan_key FROM production.task AS u
    WHERE e.same = 'night' AND u.run_id = t.run_id AND u.kind = e.upstream_kind AND u.night_id = t.night_id
    UNION ALL
    SELECT u.task_id, u.scan_key FROM production.task AS u LEFT JOIN survey.night AS un ON un.night_id = u.night_id
    WHERE e.same = 'block' AND u.run_id = t.run_id AND u.kind = e.upstream_kind
      AND coalesce(u.block, un.block) = coalesce(t.block, n.block)
    UNION ALL
    SELECT u.task_id, u.scan_key FROM production.task AS u
    WHERE e.same = 'run' AND u.run_id = t.run_id AND u.kind = e.upstream_kind
) AS u
LEFT JOIN survey.scan AS us ON us.scan_key = u.scan_key
WHERE (us.kind IS NULL OR us.kind = ANY (e.of_scans))
  AND (s.entry IS NULL OR s.entry = ANY (e.entries))
  AND (t.task_id >= %(first_new)s OR u.task_id >= %(first_new)s)
