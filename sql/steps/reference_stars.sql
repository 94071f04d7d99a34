-- Reference stars inside a footprint widened by the search margin; the GiST index on the position is used.
SELECT ra, decl, epoch_year, coalesce(pm_ra_mas_yr, 0), coalesce(pm_decl_mas_yr, 0), vt_mag
FROM reference.star
WHERE spoint(radians(ra), radians(decl)) <@ scircle(spoint(radians(%(ra)s), radians(%(decl)s)), radians(%(radius)s))
ORDER BY star_id
