-- One number that a reduction measured of itself; '-' is the scan as a whole.
INSERT INTO quality.metric (attempt_id, name, band, value) VALUES (%(attempt_id)s, %(name)s, %(band)s, %(value)s)
