-- One number that a reduction measured of itself.
INSERT INTO quality.metric (attempt_id, name, band, value) VALUES (%(attempt_id)s, %(name)s, %(band)s, %(value)s)
