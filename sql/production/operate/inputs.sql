-- Inputs that an attempt recorded.
SELECT kind, input_key, content_hash, input
FROM production.attempt_input
WHERE attempt_id = %(attempt_id)s
ORDER BY kind, input_key
