-- Standards in use: of all current catalogues, each star once (under one name all catalogues have the same values).
SELECT DISTINCT ON (s.name) s.name, s.field, s.ra, s.decl, s.epoch_year, s.pm_ra_mas_yr, s.pm_decl_mas_yr, s.j_mag, s.h_mag,
       s.k_mag, s.j_error_mag, s.h_error_mag, s.k_error_mag, s.star_hash
FROM reference.standard_star AS s JOIN reference.standard_catalogue AS c USING (catalogue_id)
WHERE c.state = 'current' AND s.retired_at IS NULL
ORDER BY s.name, s.catalogue_id
