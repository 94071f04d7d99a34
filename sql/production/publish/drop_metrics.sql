-- Metrics of a superseded attempt.
DELETE FROM quality.metric WHERE attempt_id = %(attempt_id)s
