-- Attempts of a run or of all, newest first; of running ones, what is left of the lease.
SELECT a.attempt_id, r.name AS run, a.task_id, t.kind, t.block, t.cell, n.date, n.hemis, s.scan,
       a.worker, a.host, a.process_id, a.started_at, a.renewed_at, a.ended_at,
       coalesce(a.outcome, 'running') AS outcome, a.accepted, a.family, a.error_code, a.error_text, a.code_version,
       a.code_commit, a.input_hash, a.output_hash, a.point_rows, a.extended_rows, a.cpu_seconds, a.wall_seconds,
       a.peak_memory_bytes,
       CASE WHEN a.ended_at IS NULL THEN extract(epoch FROM a.expires_at - now())::double precision END AS lease_left_seconds
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = a.run_id
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s ON s.scan_key = a.scan_key
WHERE (%(name)s::text IS NULL OR r.name = %(name)s::text)
  AND (%(outcome)s::text IS NULL OR coalesce(a.outcome, 'running') = %(outcome)s::text)
  AND (%(task_id)s::bigint IS NULL OR a.task_id = %(task_id)s::bigint)
  AND (%(attempt_id)s::bigint IS NULL OR a.attempt_id = %(attempt_id)s::bigint)
ORDER BY a.attempt_id DESC
LIMIT %(limit)s
