-- What keeps a worker that runs until idle: tasks it may claim now or later, and tasks in work that may come back or
-- free others. Tasks of held runs do not, nor do those of final runs of other code: the latter are counted, with one of
-- their runs and the code it wants, because nobody else may be there to do them.
SELECT count(*) FILTER (WHERE t.state = 'ready' AND m.may) AS ready,
       count(*) FILTER (WHERE t.state = 'running' AND m.may) AS running,
       count(*) FILTER (WHERE t.state = 'ready' AND NOT m.may) AS barred,
       coalesce(min(format('%%s wants code %%s of commit %%s', r.name, p.code_version, p.code_commit))
                FILTER (WHERE t.state = 'ready' AND NOT m.may), '') AS barred_by
FROM production.task AS t
JOIN production.run AS r USING (run_id)
JOIN production.pipeline AS p USING (pipeline_id)
CROSS JOIN LATERAL (SELECT coalesce(r.kind = 'preliminary'
                                    OR p.frozen_at IS NOT NULL AND p.code_version = %(code_version)s
                                       AND p.code_commit = %(code_commit)s, false) AS may) AS m
WHERE t.state IN ('ready', 'running') AND r.state = 'open'
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
