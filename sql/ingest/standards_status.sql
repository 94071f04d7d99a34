-- Catalogues of standards, current ones first, with how many of their stars are retired.
SELECT c.name, c.source, c.content_hash, c.state, c.stars,
       (SELECT count(*) FROM reference.standard_star AS s
        WHERE s.catalogue_id = c.catalogue_id AND s.retired_at IS NOT NULL) AS retired,
       c.loaded_at
FROM reference.standard_catalogue AS c
ORDER BY c.state, c.name, c.catalogue_id DESC
