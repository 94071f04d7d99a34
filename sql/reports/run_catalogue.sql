-- Point sources of a run within a circle: what `mapps run match` matches to a published table.
SELECT p.ra, p.decl, p.ph_qual, p.rd_flg, p.j_m, p.j_cmsig, p.h_m, p.h_cmsig, p.k_m, p.k_cmsig
FROM wsdb.point_source AS p
WHERE p.run_id = %(run_id)s
  AND spoint(radians(p.ra), radians(p.decl))
      <@ scircle(spoint(radians(%(ra)s::float8), radians(%(decl)s::float8)), radians(%(radius_deg)s::float8))
ORDER BY p.src_id
