-- Reference catalogues, the current one first, with stars that have proper motions and accepted attempts that were given
-- their stars.
SELECT c.catalogue_id, c.name, c.source, c.content_hash, c.state, c.stars, coalesce(m.with_motion, 0) AS with_motion,
       (SELECT count(*) FROM production.attempt_reference AS u JOIN production.attempt AS a USING (attempt_id)
        WHERE u.catalogue_id = c.catalogue_id AND a.accepted) AS attempts,
       c.loaded_at, c.replaced_at
FROM reference.catalogue AS c
LEFT JOIN (SELECT catalogue_id, count(pm_ra_mas_yr) AS with_motion FROM reference.star GROUP BY catalogue_id) AS m
    USING (catalogue_id)
ORDER BY c.state, c.catalogue_id DESC
