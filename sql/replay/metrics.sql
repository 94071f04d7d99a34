-- Metrics of an attempt.
SELECT * FROM quality.metric WHERE attempt_id = %(attempt_id)s
