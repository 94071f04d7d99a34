-- All runs, or the named one, with the tasks of each by state.
SELECT r.name, r.kind, r.state, r.reason, r.created_at, r.created_by, r.zones, r.sealed_at, p.code_version, p.code_commit,
       p.pipeline_hash, p.frozen_at,
       coalesce(sum(c.tasks), 0)::bigint AS tasks,
       coalesce(sum(c.tasks) FILTER (WHERE c.state = 'done'), 0)::bigint AS done,
       coalesce(sum(c.tasks) FILTER (WHERE c.state IN ('failed', 'dead')), 0)::bigint AS failed
FROM production.run AS r
JOIN production.pipeline AS p USING (pipeline_id)
LEFT JOIN (SELECT run_id, state, count(*) AS tasks FROM production.task GROUP BY run_id, state) AS c USING (run_id)
WHERE %(name)s::text IS NULL OR r.name = %(name)s::text
GROUP BY r.run_id, p.pipeline_id
ORDER BY r.run_id
