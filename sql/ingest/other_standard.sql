-- A star that another catalogue has under the same name with other values.
SELECT g.name, c.name
FROM unnest(%(names)s::text[], %(hashes)s::text[]) AS g (name, star_hash)
JOIN reference.standard_star AS s USING (name)
JOIN reference.standard_catalogue AS c USING (catalogue_id)
WHERE s.star_hash <> g.star_hash
ORDER BY g.name
LIMIT 1
