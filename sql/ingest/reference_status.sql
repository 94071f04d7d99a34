-- Reference catalogues, the current one first, with stars that have proper motions and accepted attempts that were given
-- their stars.
SELECT c.catalogue_id, c.name, c.source, c.content_hash, c.state, c.stars,
       (SELECT count(s.pm_ra_mas_yr) FROM reference.star AS s WHERE s.catalogue_id = c.catalogue_id) AS with_motion,
       (SELECT count(*) FROM production.attempt_reference AS u JOIN production.attempt AS a USING (attempt_id)
        WHERE u.catalogue_id = c.catalogue_id AND a.accepted) AS attempts,
       c.loaded_at, c.replaced_at
FROM reference.catalogue AS c
ORDER BY c.state, c.catalogue_id DESC
