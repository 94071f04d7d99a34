-- Tasks of the run that draws a release: one a part of the sky, and one for what is made of all of them.
INSERT INTO production.task (run_id, kind, scope, cell, state, priority, max_attempts)
SELECT %(run_id)s::integer, wanted.kind, wanted.scope, wanted.cell, 'waiting', 0, %(max_attempts)s::smallint
FROM (
    SELECT %(tiles)s::text AS kind, 'cell' AS scope, c.cell FROM unnest(%(cells)s::integer[]) AS c (cell)
    UNION ALL
    SELECT %(overview)s::text, 'run', NULL
) AS wanted
ORDER BY wanted.cell NULLS LAST
ON CONFLICT DO NOTHING
RETURNING task_id
