-- msigcom^2 - cmsig^2 = 0.011^2 + 0.005^2 (zero point, flat field), + 0.012^2 if rd_flg is 1 (background/survey 10.4).
-- Rounding to single precision is below 1e-6 + 1e-5 cmsig^2.
SELECT p.run_id, p.src_id, b.band, b.rd, b.cmsig, b.msigcom
FROM wsdb.point_source AS p
CROSS JOIN LATERAL (
    VALUES ('j', wsdb.j_rd_flg(p.rd_flg), p.j_cmsig::double precision, p.j_msigcom::double precision),
           ('h', wsdb.h_rd_flg(p.rd_flg), p.h_cmsig, p.h_msigcom),
           ('k', wsdb.k_rd_flg(p.rd_flg), p.k_cmsig, p.k_msigcom)
) AS b (band, rd, cmsig, msigcom)
WHERE (b.cmsig IS NULL) <> (b.msigcom IS NULL)
    OR abs(b.msigcom ^ 2 - b.cmsig ^ 2 - 0.011 ^ 2 - 0.005 ^ 2 - CASE b.rd WHEN '1' THEN 0.012 ^ 2 ELSE 0 END)
       > 1e-6 + 1e-5 * b.cmsig ^ 2;
