-- Reference catalogues by key, by the start of their hash, or by name.
SELECT c.catalogue_id AS key, c.content_hash AS content,
       format('%%s, %%s stars, %%s, %%s', c.name, c.stars, c.state, c.source) AS told
FROM reference.catalogue AS c
WHERE (%(key)s::bigint IS NULL OR c.catalogue_id = %(key)s::bigint)
  AND (%(start)s::text IS NULL OR starts_with(c.content_hash, %(start)s::text))
  AND (%(name)s::text IS NULL OR c.name = %(name)s::text)
ORDER BY c.catalogue_id DESC
