-- A catalogue of standards; its stars are added next.
INSERT INTO reference.standard_catalogue (name, source, content_hash, stars, state)
VALUES (%(name)s, %(source)s, %(content_hash)s, %(stars)s, 'current')
RETURNING catalogue_id
