-- Point sources that stand on an image of a run, the brightest first, calibrated, and how many there are.
SELECT p.src_id, p.designation, p.ra, p.decl, p.j_m, p.h_m, p.k_m, p.ph_qual, p.rd_flg, p.cc_flg, count(*) OVER () AS sources
FROM wsdb.point_source AS p
WHERE p.run_id = %(run_id)s AND p.coadd_key = %(coadd_key)s
ORDER BY least(p.j_m, p.h_m, p.k_m) NULLS LAST, p.src_id
LIMIT %(most)s
