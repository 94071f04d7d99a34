-- Tasks of a run that need a person: failed, dead and held ones with the reason.
SELECT t.task_id, t.kind, t.state, t.block, n.date, n.hemis, s.scan, t.reason
FROM production.task AS t
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s USING (scan_key)
WHERE r.name = %(name)s AND t.state IN ('failed', 'dead', 'held')
ORDER BY t.task_id
LIMIT %(limit)s
