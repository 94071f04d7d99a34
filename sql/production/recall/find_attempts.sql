-- An attempt by its key, or all of them.
SELECT a.attempt_id AS key, a.attempt_id::text AS content,
       format('%%s of run %%s, %%s', t.kind, r.name,
              CASE WHEN a.accepted THEN 'accepted' ELSE coalesce(a.outcome, 'running') || ', not accepted' END) AS told
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = a.run_id
WHERE (%(key)s::bigint IS NULL OR a.attempt_id = %(key)s::bigint)
  AND %(start)s::text IS NULL AND %(name)s::text IS NULL
ORDER BY a.attempt_id DESC
