-- Inputs that an attempt recorded; of files, whether their rows have another content now.
SELECT i.kind, i.input_key, i.content_hash, i.input, coalesce(f.sha256 <> i.content_hash, false) AS replaced
FROM production.attempt_input AS i
LEFT JOIN survey.raw_file AS f ON i.kind = 'raw_file' AND f.raw_file_id = i.input_key
WHERE i.attempt_id = %(attempt_id)s
ORDER BY i.kind, i.input_key
