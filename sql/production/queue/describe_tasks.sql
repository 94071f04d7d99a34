-- Tasks by key, with what an operator calls them.
SELECT t.task_id, t.kind, t.state, t.block, t.cell, n.date, n.hemis, s.scan, s.kind AS scan_kind, s.entry, s.tile, t.priority,
       t.reason
FROM production.task AS t
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s USING (scan_key)
WHERE t.task_id = ANY (%(task_ids)s::bigint[])
ORDER BY t.priority DESC, t.task_id
