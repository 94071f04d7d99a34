-- One task a night that has scans of a kind of task in the run.
INSERT INTO production.task (run_id, kind, scope, night_id, state, priority, max_attempts)
SELECT DISTINCT t.run_id, %(kind)s::text, 'night', t.night_id, 'waiting', %(priority)s::smallint, %(max_attempts)s::smallint
FROM production.task AS t
WHERE t.run_id = %(run_id)s AND t.kind = %(upstream)s AND t.night_id IS NOT NULL
ORDER BY t.night_id
ON CONFLICT DO NOTHING
RETURNING task_id
