-- Tasks of a run that an operator's change touches, locked in the order of the plan and of their keys.
-- Filters are all optional.
SELECT t.task_id, t.state
FROM production.task AS t
JOIN production.task_kind AS k USING (kind, scope)
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s USING (scan_key)
WHERE t.run_id = %(run_id)s AND t.state = ANY (%(states)s::text[])
  AND (%(task_ids)s::bigint[] IS NULL OR t.task_id = ANY (%(task_ids)s::bigint[]))
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
  AND (%(reason)s::text IS NULL OR t.reason ILIKE '%%' || %(reason)s::text || '%%')
ORDER BY k.position, t.task_id
FOR UPDATE OF t
