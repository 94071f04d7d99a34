-- An accepted attempt with all that its step was told, and the hashes that it left.
SELECT a.attempt_id, a.token, a.task_id, a.run_id, r.name AS run_name, t.kind, t.night_id, t.scan_key, t.block, t.cell,
       p.pipeline_hash, p.parameters, a.code_version, a.code_commit, a.input_hash, a.output_hash, a.hash_version, n.date, n.hemis, s.scan
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = a.run_id
JOIN production.pipeline AS p ON p.pipeline_id = coalesce(a.pipeline_id, r.pipeline_id)
LEFT JOIN survey.night AS n ON n.night_id = t.night_id
LEFT JOIN survey.scan AS s ON s.scan_key = t.scan_key
WHERE a.attempt_id = %(attempt_id)s AND a.accepted
