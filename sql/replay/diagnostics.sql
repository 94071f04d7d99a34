-- Diagnostics row of an attempt.
SELECT * FROM quality.scan_diagnostics WHERE attempt_id = %(attempt_id)s
