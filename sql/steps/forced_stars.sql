-- Rows of a scan: places, which empty ones keep away from, and magnitudes on the nominal scale of stars that light is compared with:
-- single, fitted to Read_2 - Read_1, not contaminated, SNR of 20 and more.
SELECT p.ra, p.decl,
       CASE WHEN p.j_snr >= 20 AND substr(p.rd_flg, 1, 1) = '2' AND substr(p.bl_flg, 1, 1) = '1' AND substr(p.cc_flg, 1, 1) = '0'
            THEN p.j_m END AS j_m,
       CASE WHEN p.h_snr >= 20 AND substr(p.rd_flg, 2, 1) = '2' AND substr(p.bl_flg, 2, 1) = '1' AND substr(p.cc_flg, 2, 1) = '0'
            THEN p.h_m END AS h_m,
       CASE WHEN p.k_snr >= 20 AND substr(p.rd_flg, 3, 1) = '2' AND substr(p.bl_flg, 3, 1) = '1' AND substr(p.cc_flg, 3, 1) = '0'
            THEN p.k_m END AS k_m
FROM wsdb.point_measurement AS p
WHERE p.run_id = %(run_id)s AND p.attempt_id = %(attempt_id)s
ORDER BY p.src_id
