-- What keeps a worker that runs until idle: tasks it may claim now or later, and tasks in work that may come back or
-- free others. Tasks of held runs, and of final runs of other code, do not.
SELECT count(*) FILTER (WHERE t.state = 'ready') AS ready, count(*) FILTER (WHERE t.state = 'running') AS running
FROM production.task AS t
JOIN production.run AS r USING (run_id)
JOIN production.pipeline AS p USING (pipeline_id)
WHERE t.state IN ('ready', 'running') AND r.state = 'open'
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
  AND (r.kind = 'preliminary'
       OR p.frozen_at IS NOT NULL AND p.code_version = %(code_version)s AND p.code_commit = %(code_commit)s)
