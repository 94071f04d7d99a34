-- Which reference stars the attempt was given: their catalogue, and a hash of the very stars.
INSERT INTO production.attempt_reference (attempt_id, catalogue_id, stars, stars_hash)
VALUES (%(attempt_id)s, %(catalogue_id)s, %(stars)s, %(stars_hash)s)
