-- Reference stars of a circle on the sky, found by the index on positions.
SELECT star_id, ra, decl, epoch_year, pm_ra_mas_yr, pm_decl_mas_yr, bt_mag, vt_mag
FROM reference.star
WHERE spoint(radians(ra), radians(decl))
      <@ scircle(spoint(radians(%(ra)s), radians(%(decl)s)), radians(%(radius)s))
ORDER BY star_id
