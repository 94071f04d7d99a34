-- The diagnostics file of a scan that the attempt reduced from raw frames.
INSERT INTO quality.scan_diagnostics (attempt_id, run_id, scan_key, url, sha256)
VALUES (%(attempt_id)s, %(run_id)s, %(scan_key)s, %(url)s, %(sha256)s)
