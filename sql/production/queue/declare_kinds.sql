-- Kinds of the plan, so that tasks can refer to them; the place of a known kind follows the plan.
INSERT INTO production.task_kind (kind, scope, position)
SELECT p.kind, p.scope, p.position
FROM jsonb_to_recordset(%(plan)s::jsonb) AS p (kind text, scope text, position smallint)
ON CONFLICT (kind) DO UPDATE SET position = EXCLUDED.position
