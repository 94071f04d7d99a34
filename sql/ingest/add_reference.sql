-- A catalogue, or the one of the same stars that was replaced before, current again; its stars are copied next.
INSERT INTO reference.catalogue (name, source, content_hash, stars, state)
VALUES (%(name)s, %(source)s, %(content_hash)s, %(stars)s, 'current')
ON CONFLICT (content_hash) DO UPDATE
SET name = EXCLUDED.name, source = EXCLUDED.source, state = 'current', loaded_at = now(), replaced_at = NULL
RETURNING catalogue_id
