-- A predicted place of a body; it takes the place of a former one.
INSERT INTO reference.minor_planet (name, jdate, ra, decl, rate_ra_arcsec_h, rate_decl_arcsec_h, error_arcsec)
VALUES (%(name)s, %(jdate)s, %(ra)s, %(decl)s, %(rate_ra_arcsec_h)s, %(rate_decl_arcsec_h)s, %(error_arcsec)s)
ON CONFLICT (name, jdate) DO UPDATE
SET ra = excluded.ra, decl = excluded.decl, rate_ra_arcsec_h = excluded.rate_ra_arcsec_h,
    rate_decl_arcsec_h = excluded.rate_decl_arcsec_h, error_arcsec = excluded.error_arcsec
