-- An aperture in place of a failed fit (rd_flg 4) is a measurement from SNR 3 on: what is fainter is a limit of its band. 0.362 is
-- 1.0857 / 3, rounded up for single precision.
SELECT run_id, src_id, rd_flg, j_msig, h_msig, k_msig
FROM wsdb.point_measurement
WHERE rd_flg ~ '^4' AND j_msig > 0.362 OR rd_flg ~ '^.4' AND h_msig > 0.362 OR rd_flg ~ '4$' AND k_msig > 0.362;
