-- One standard star; a star that is retired in another catalogue stays so in this.
INSERT INTO reference.standard_star (catalogue_id, name, field, ra, decl, epoch_year, pm_ra_mas_yr, pm_decl_mas_yr, j_mag,
                                     j_error_mag, h_mag, h_error_mag, k_mag, k_error_mag, primary_standard, star_hash,
                                     retired_at, retired_because)
SELECT %(catalogue_id)s, %(name)s, %(field)s, %(ra)s, %(decl)s, %(epoch_year)s, %(pm_ra_mas_yr)s, %(pm_decl_mas_yr)s,
       %(j_mag)s, %(j_error_mag)s, %(h_mag)s, %(h_error_mag)s, %(k_mag)s, %(k_error_mag)s, %(primary_standard)s,
       %(star_hash)s, r.retired_at, r.retired_because
FROM (SELECT 1) AS given
LEFT JOIN LATERAL (
    SELECT s.retired_at, s.retired_because FROM reference.standard_star AS s
    WHERE s.name = %(name)s AND s.retired_at IS NOT NULL ORDER BY s.catalogue_id LIMIT 1
) AS r ON true
