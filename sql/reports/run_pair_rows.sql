-- Calibrated point sources of one attempt, for a comparison with another run's of the same scan.
SELECT p.ra, p.decl, p.err_maj, p.ph_qual, p.rd_flg, p.cc_flg,
       p.j_m, p.j_cmsig, p.h_m, p.h_cmsig, p.k_m, p.k_cmsig
FROM wsdb.point_source AS p
WHERE p.run_id = %(run_id)s AND p.scan_key = %(scan_key)s AND p.attempt_id = %(attempt_id)s
ORDER BY p.src_id
