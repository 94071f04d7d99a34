-- Flags have the letters of app/columns/flags.py, one a band, and say what the magnitudes say: no magnitude exactly where ph_qual
-- is X or blank, no uncertainty where it is U, X, F or blank.
SELECT run_id, src_id, ph_qual, rd_flg, bl_flg, cc_flg, j_m, h_m, k_m
FROM wsdb.point_measurement
WHERE ph_qual !~ '^[XUFEABCD ]{3}$' OR rd_flg !~ '^[0123469]{3}$' OR bl_flg !~ '^[012]{3}$'
    OR cc_flg !~ '^[pPcCdDsSGb0]{3}$'
    OR (j_m IS NULL) <> (wsdb.j_ph_qual(ph_qual) IN ('X', ' '))
    OR (h_m IS NULL) <> (wsdb.h_ph_qual(ph_qual) IN ('X', ' '))
    OR (k_m IS NULL) <> (wsdb.k_ph_qual(ph_qual) IN ('X', ' '))
    OR j_cmsig IS NOT NULL AND wsdb.j_ph_qual(ph_qual) IN ('U', 'X', 'F', ' ')
    OR h_cmsig IS NOT NULL AND wsdb.h_ph_qual(ph_qual) IN ('U', 'X', 'F', ' ')
    OR k_cmsig IS NOT NULL AND wsdb.k_ph_qual(ph_qual) IN ('U', 'X', 'F', ' ');
