-- What stands of a very bright star.
SELECT ra, decl, j_mag, h_mag, k_mag FROM reference.bright_star WHERE name = %(name)s
