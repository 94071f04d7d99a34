-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- What people query is calibrated: rows of the tables through the solution that their night has adopted. A
-- query of a view is planned as if it had been written with the joins: it uses the indexes of the table.

CREATE OR REPLACE VIEW wsdb.point_source AS
SELECT
    p.src_id, p.attempt_id, p.ra, p.decl, p.jdate, p.j_ra, p.j_decl, p.h_ra, p.h_decl, p.k_ra, p.k_decl, p.coadd_key,
    p.run_id, p.scan_key, p.id, p.dist_edge_ns, p.dist_edge_ew, p.ext_key, p.pts_key, p.pxcntr, p.date, p.err_maj,
    p.err_min, p.glon, p.glat, p.x_scan, p.y_scan, p.prox, p.dist_opt, p.b_m_opt, p.vr_m_opt,
    coalesce((p.j_m + z.j_centre_mag + p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag))::real, p.j_m) AS j_m,
    p.j_msig, p.j_cmsig,
    CASE WHEN p.j_msigcom >= 0.1::real AND z.j_error_mag IS NOT NULL
        THEN sqrt(p.j_msigcom::double precision * p.j_msigcom - 0.01 + z.j_error_mag * z.j_error_mag)::real
        ELSE p.j_msigcom END AS j_msigcom,
    p.j_snr, p.j_psfchi,
    coalesce((p.j_m_psf + z.j_centre_mag + p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag))::real, p.j_m_psf) AS j_m_psf,
    p.j_msig_psf,
    coalesce((p.j_m_stdap + z.j_centre_mag + p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag))::real, p.j_m_stdap) AS j_m_stdap,
    p.j_msig_stdap, p.j_growth,
    coalesce((p.j_m_r1 + z.j_centre_mag + p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag))::real, p.j_m_r1) AS j_m_r1,
    p.j_msig_r1, p.j_sky_dn,
    coalesce((p.h_m + z.h_centre_mag + p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag))::real, p.h_m) AS h_m,
    p.h_msig, p.h_cmsig,
    CASE WHEN p.h_msigcom >= 0.1::real AND z.h_error_mag IS NOT NULL
        THEN sqrt(p.h_msigcom::double precision * p.h_msigcom - 0.01 + z.h_error_mag * z.h_error_mag)::real
        ELSE p.h_msigcom END AS h_msigcom,
    p.h_snr, p.h_psfchi,
    coalesce((p.h_m_psf + z.h_centre_mag + p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag))::real, p.h_m_psf) AS h_m_psf,
    p.h_msig_psf,
    coalesce((p.h_m_stdap + z.h_centre_mag + p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag))::real, p.h_m_stdap) AS h_m_stdap,
    p.h_msig_stdap, p.h_growth,
    coalesce((p.h_m_r1 + z.h_centre_mag + p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag))::real, p.h_m_r1) AS h_m_r1,
    p.h_msig_r1, p.h_sky_dn,
    coalesce((p.k_m + z.k_centre_mag + p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag))::real, p.k_m) AS k_m,
    p.k_msig, p.k_cmsig,
    CASE WHEN p.k_msigcom >= 0.1::real AND z.k_error_mag IS NOT NULL
        THEN sqrt(p.k_msigcom::double precision * p.k_msigcom - 0.01 + z.k_error_mag * z.k_error_mag)::real
        ELSE p.k_msigcom END AS k_msigcom,
    p.k_snr, p.k_psfchi,
    coalesce((p.k_m_psf + z.k_centre_mag + p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag))::real, p.k_m_psf) AS k_m_psf,
    p.k_msig_psf,
    coalesce((p.k_m_stdap + z.k_centre_mag + p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag))::real, p.k_m_stdap) AS k_m_stdap,
    p.k_msig_stdap, p.k_growth,
    coalesce((p.k_m_r1 + z.k_centre_mag + p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag))::real, p.k_m_r1) AS k_m_r1,
    p.k_msig_r1, p.k_sky_dn, p.scan, p.coadd, p.err_ang, p.pxpa, p.gal_contam, p.mp_flg, p.dup_src, p.use_src,
    p.phi_opt, p.nopt_mchs, p.designation, p.ph_qual, p.rd_flg, p.bl_flg, p.cc_flg, p.ndet, p.cnf_flg, p.hemis,
    p.dist_edge_flg, p.a, z.solution_id,
    z.j_error_mag AS j_zero_point_error_mag,
    z.h_error_mag AS h_zero_point_error_mag,
    z.k_error_mag AS k_zero_point_error_mag
FROM wsdb.point_measurement AS p
LEFT JOIN calibration.adopted_zero_point AS z ON z.run_id = p.run_id AND z.scan_key = p.scan_key;
COMMENT ON VIEW wsdb.point_source IS
    'Point-source extractions of every run, calibrated by the solution that the night of the run has adopted';
COMMENT ON COLUMN wsdb.point_source.solution_id IS
    'Solution (calibration.solution). Null: no adopted one has the scan: nominal magnitudes';
COMMENT ON COLUMN wsdb.point_source.j_zero_point_error_mag IS
    'J error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.point_source.h_zero_point_error_mag IS
    'H error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.point_source.k_zero_point_error_mag IS
    'Ks error of the zero point [mag]. Null: no solution has the scan';

CREATE OR REPLACE VIEW wsdb.extended_source AS
SELECT
    p.ext_id, p.attempt_id, p.src_id, p.ra, p.decl, p.coadd_key, p.run_id, p.scan_key, p.x_scan, p.r_3sig, p.j_ba,
    p.j_phi,
    coalesce((p.j_m_5 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_5) AS j_m_5,
    p.j_msig_5,
    coalesce((p.j_m_7 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_7) AS j_m_7,
    p.j_msig_7,
    coalesce((p.j_m_10 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_10) AS j_m_10,
    p.j_msig_10,
    coalesce((p.j_m_15 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_15) AS j_m_15,
    p.j_msig_15,
    coalesce((p.j_m_20 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_20) AS j_m_20,
    p.j_msig_20,
    coalesce((p.j_m_25 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_25) AS j_m_25,
    p.j_msig_25,
    coalesce((p.j_m_30 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_30) AS j_m_30,
    p.j_msig_30,
    coalesce((p.j_m_40 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_40) AS j_m_40,
    p.j_msig_40,
    coalesce((p.j_m_50 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_50) AS j_m_50,
    p.j_msig_50,
    coalesce((p.j_m_60 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_60) AS j_m_60,
    p.j_msig_60,
    coalesce((p.j_m_70 + z.j_centre_mag + coalesce(p.x_scan * (z.j_slope_mag + p.x_scan * z.j_curvature_mag), z.j_curvature_mag * 65536 / 3))::real, p.j_m_70) AS j_m_70,
    p.j_msig_70, p.h_ba, p.h_phi,
    coalesce((p.h_m_5 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_5) AS h_m_5,
    p.h_msig_5,
    coalesce((p.h_m_7 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_7) AS h_m_7,
    p.h_msig_7,
    coalesce((p.h_m_10 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_10) AS h_m_10,
    p.h_msig_10,
    coalesce((p.h_m_15 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_15) AS h_m_15,
    p.h_msig_15,
    coalesce((p.h_m_20 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_20) AS h_m_20,
    p.h_msig_20,
    coalesce((p.h_m_25 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_25) AS h_m_25,
    p.h_msig_25,
    coalesce((p.h_m_30 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_30) AS h_m_30,
    p.h_msig_30,
    coalesce((p.h_m_40 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_40) AS h_m_40,
    p.h_msig_40,
    coalesce((p.h_m_50 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_50) AS h_m_50,
    p.h_msig_50,
    coalesce((p.h_m_60 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_60) AS h_m_60,
    p.h_msig_60,
    coalesce((p.h_m_70 + z.h_centre_mag + coalesce(p.x_scan * (z.h_slope_mag + p.x_scan * z.h_curvature_mag), z.h_curvature_mag * 65536 / 3))::real, p.h_m_70) AS h_m_70,
    p.h_msig_70, p.k_ba, p.k_phi,
    coalesce((p.k_m_5 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_5) AS k_m_5,
    p.k_msig_5,
    coalesce((p.k_m_7 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_7) AS k_m_7,
    p.k_msig_7,
    coalesce((p.k_m_10 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_10) AS k_m_10,
    p.k_msig_10,
    coalesce((p.k_m_15 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_15) AS k_m_15,
    p.k_msig_15,
    coalesce((p.k_m_20 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_20) AS k_m_20,
    p.k_msig_20,
    coalesce((p.k_m_25 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_25) AS k_m_25,
    p.k_msig_25,
    coalesce((p.k_m_30 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_30) AS k_m_30,
    p.k_msig_30,
    coalesce((p.k_m_40 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_40) AS k_m_40,
    p.k_msig_40,
    coalesce((p.k_m_50 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_50) AS k_m_50,
    p.k_msig_50,
    coalesce((p.k_m_60 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_60) AS k_m_60,
    p.k_msig_60,
    coalesce((p.k_m_70 + z.k_centre_mag + coalesce(p.x_scan * (z.k_slope_mag + p.x_scan * z.k_curvature_mag), z.k_curvature_mag * 65536 / 3))::real, p.k_m_70) AS k_m_70,
    p.k_msig_70, p.coadd, z.solution_id,
    z.j_error_mag AS j_zero_point_error_mag,
    z.h_error_mag AS h_zero_point_error_mag,
    z.k_error_mag AS k_zero_point_error_mag
FROM wsdb.extended_measurement AS p
LEFT JOIN calibration.adopted_zero_point AS z ON z.run_id = p.run_id AND z.scan_key = p.scan_key;
COMMENT ON VIEW wsdb.extended_source IS
    'Extended-source extractions of every run, calibrated by the solution that the night of the run has adopted';
COMMENT ON COLUMN wsdb.extended_source.solution_id IS
    'Solution (calibration.solution). Null: no adopted one has the scan: nominal magnitudes';
COMMENT ON COLUMN wsdb.extended_source.j_zero_point_error_mag IS
    'J error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.extended_source.h_zero_point_error_mag IS
    'H error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.extended_source.k_zero_point_error_mag IS
    'Ks error of the zero point [mag]. Null: no solution has the scan';

-- Columns of the views mean what they mean in their tables.
DO $comments$
DECLARE
    pair record;
BEGIN
    FOR pair IN
        SELECT known.view, v.attname AS name, col_description(t.attrelid, t.attnum) AS meaning
        FROM (VALUES
            ('wsdb.point_source', 'wsdb.point_measurement'),
            ('wsdb.extended_source', 'wsdb.extended_measurement'),
            ('wsdb.atlas_image', 'wsdb.atlas_measurement')
        ) AS known (view, origin)
        JOIN pg_attribute AS v ON v.attrelid = known.view::regclass AND v.attnum > 0
        JOIN pg_attribute AS t ON t.attrelid = known.origin::regclass AND t.attname = v.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', pair.view, pair.name, pair.meaning);
    END LOOP;
END
$comments$;
