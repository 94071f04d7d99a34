-- Diagnostics row of a superseded attempt; the file stays in the store until a sweep.
DELETE FROM quality.scan_diagnostics WHERE attempt_id = %(attempt_id)s
