-- Where a body was predicted at a moment.
SELECT ra, decl, rate_ra_arcsec_h, rate_decl_arcsec_h, error_arcsec FROM reference.minor_planet
WHERE name = %(name)s AND jdate = %(jdate)s
