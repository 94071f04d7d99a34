-- Attempts of a run, newest first.
SELECT a.attempt_id, a.task_id, t.kind, t.block, n.date, n.hemis, s.scan, a.worker, a.started_at, a.renewed_at, a.ended_at,
       coalesce(a.outcome, 'running') AS outcome, a.accepted, a.family, a.error_code, a.error_text, a.code_version,
       a.code_commit, a.input_hash, a.output_hash, a.point_rows, a.extended_rows, a.cpu_seconds, a.wall_seconds,
       a.peak_memory_bytes
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = a.run_id
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s ON s.scan_key = a.scan_key
WHERE r.name = %(name)s
  AND (%(outcome)s::text IS NULL OR coalesce(a.outcome, 'running') = %(outcome)s::text)
  AND (%(task_id)s::bigint IS NULL OR a.task_id = %(task_id)s::bigint)
  AND (%(attempt_id)s::bigint IS NULL OR a.attempt_id = %(attempt_id)s::bigint)
ORDER BY a.attempt_id DESC
LIMIT %(limit)s
