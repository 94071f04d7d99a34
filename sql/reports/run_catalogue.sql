-- Point sources of a run within a circle: what `mapps run match` matches to a published table.
SELECT p.ra, p.decl, p.ph_qual, p.rd_flg, p.j_m, p.j_cmsig, p.h_m, p.h_cmsig, p.k_m, p.k_cmsig
FROM wsdb.point_sources_near(%(ra)s::float8, %(decl)s::float8, %(radius_deg)s::float8) AS p
WHERE p.run_id = %(run_id)s
ORDER BY p.src_id
