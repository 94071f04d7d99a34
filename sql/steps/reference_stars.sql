-- The current reference catalogue, and its stars inside a footprint widened by the search margin, in one statement: a
-- catalogue that is replaced at this moment gives either its stars and its name, or the other's. The GiST index on the
-- position is used. One row without a star where the catalogue has none there, no row where none is loaded.
SELECT c.catalogue_id, s.ra, s.decl, s.epoch_year, coalesce(s.pm_ra_mas_yr, 0), coalesce(s.pm_decl_mas_yr, 0), s.vt_mag
FROM reference.catalogue AS c
LEFT JOIN reference.star AS s
    ON s.catalogue_id = c.catalogue_id
   AND spoint(radians(s.ra), radians(s.decl))
       <@ scircle(spoint(radians(%(ra)s), radians(%(decl)s)), radians(%(radius)s))
WHERE c.state = 'current'
ORDER BY s.star_id
