-- Magnitudes and uncertainties of valid measurements of a run, at most a million rows in src_id order: enough for
-- pictures, bounded for a whole survey.
SELECT CASE WHEN wsdb.j_rd_flg(p.rd_flg) IN ('1', '2', '3') THEN p.j_m END, p.j_cmsig, p.j_psfchi,
       CASE WHEN wsdb.h_rd_flg(p.rd_flg) IN ('1', '2', '3') THEN p.h_m END, p.h_cmsig, p.h_psfchi,
       CASE WHEN wsdb.k_rd_flg(p.rd_flg) IN ('1', '2', '3') THEN p.k_m END, p.k_cmsig, p.k_psfchi
FROM wsdb.point_source AS p
JOIN production.run AS r USING (run_id)
WHERE r.name = %(run)s
ORDER BY p.src_id
LIMIT 1000000
