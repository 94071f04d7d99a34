-- One number that was derived from the rows of a night.
INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)
VALUES (%(run_id)s, %(night_id)s, %(scan_key)s, %(name)s, %(band)s, %(value)s, %(rows)s)
