-- One task a hardware block of nights that the run calibrates, of one block if it is named.
INSERT INTO production.task (run_id, kind, scope, block, state, priority, max_attempts)
SELECT DISTINCT t.run_id, %(kind)s::text, 'block', n.block, 'waiting', %(priority)s::smallint, %(max_attempts)s::smallint
FROM production.task AS t JOIN survey.night AS n USING (night_id)
WHERE t.run_id = %(run_id)s AND t.kind = ANY (%(upstream)s::text[])
  AND n.block IS NOT NULL AND (%(block)s::text IS NULL OR n.block = %(block)s::text)
ORDER BY n.block
ON CONFLICT DO NOTHING
RETURNING task_id
