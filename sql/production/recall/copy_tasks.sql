-- Queue tasks of other runs again in this one, with all that they wait for there: the new run has none of it yet. Like
-- all that is queued, they begin as waiting. Kinds that are queued on request there are left out: a global solution waits for
-- every scan of its run, and would take them all along.
WITH RECURSIVE wanted (task_id) AS (
    SELECT g.task_id FROM unnest(%(task_ids)s::bigint[]) AS g (task_id) JOIN production.task AS t USING (task_id)
    WHERE t.kind <> ALL (%(left_out)s::text[])
    UNION
    SELECT u.task_id FROM wanted JOIN production.task_dependency AS d USING (task_id)
    JOIN production.task AS u ON u.task_id = d.upstream_task_id
    WHERE u.kind <> ALL (%(left_out)s::text[])
)
INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, block, cell, state, priority, max_attempts)
SELECT %(run_id)s::integer, t.kind, t.scope, t.night_id, t.scan_key, t.block, t.cell, 'waiting', t.priority,
       %(max_attempts)s::smallint
FROM wanted JOIN production.task AS t USING (task_id)
ORDER BY t.priority DESC, t.task_id
ON CONFLICT DO NOTHING
RETURNING task_id
