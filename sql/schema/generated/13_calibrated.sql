-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

CREATE OR REPLACE VIEW wsdb.point_source AS
SELECT
    src_id, attempt_id, ra, decl, jdate, j_ra, j_decl, h_ra, h_decl, k_ra, k_decl, coadd_key, run_id, scan_key, id,
    dist_edge_ns, dist_edge_ew, ext_key, pts_key, pxcntr, date, err_maj, err_min, glon, glat, x_scan, y_scan, prox,
    dist_opt, b_m_opt, vr_m_opt, j_m, j_msig, j_cmsig, j_msigcom, j_snr, j_psfchi, j_m_psf, j_msig_psf, j_m_stdap,
    j_msig_stdap, j_growth, j_m_r1, j_msig_r1, j_sky_dn, h_m, h_msig, h_cmsig, h_msigcom, h_snr, h_psfchi, h_m_psf,
    h_msig_psf, h_m_stdap, h_msig_stdap, h_growth, h_m_r1, h_msig_r1, h_sky_dn, k_m, k_msig, k_cmsig, k_msigcom, k_snr,
    k_psfchi, k_m_psf, k_msig_psf, k_m_stdap, k_msig_stdap, k_growth, k_m_r1, k_msig_r1, k_sky_dn, scan, coadd, err_ang,
    pxpa, gal_contam, mp_flg, dup_src, use_src, phi_opt, nopt_mchs, designation, ph_qual, rd_flg, bl_flg, cc_flg, ndet,
    cnf_flg, hemis, dist_edge_flg, a
FROM wsdb.point_measurement;
COMMENT ON VIEW wsdb.point_source IS 'Rows of wsdb.point_measurement';

CREATE OR REPLACE VIEW wsdb.extended_source AS
SELECT
    ext_id, attempt_id, src_id, ra, decl, coadd_key, run_id, scan_key, r_3sig, j_ba, j_phi, j_m_5, j_msig_5, j_m_7,
    j_msig_7, j_m_10, j_msig_10, j_m_15, j_msig_15, j_m_20, j_msig_20, j_m_25, j_msig_25, j_m_30, j_msig_30, j_m_40,
    j_msig_40, j_m_50, j_msig_50, j_m_60, j_msig_60, j_m_70, j_msig_70, h_ba, h_phi, h_m_5, h_msig_5, h_m_7, h_msig_7,
    h_m_10, h_msig_10, h_m_15, h_msig_15, h_m_20, h_msig_20, h_m_25, h_msig_25, h_m_30, h_msig_30, h_m_40, h_msig_40,
    h_m_50, h_msig_50, h_m_60, h_msig_60, h_m_70, h_msig_70, k_ba, k_phi, k_m_5, k_msig_5, k_m_7, k_msig_7, k_m_10,
    k_msig_10, k_m_15, k_msig_15, k_m_20, k_msig_20, k_m_25, k_msig_25, k_m_30, k_msig_30, k_m_40, k_msig_40, k_m_50,
    k_msig_50, k_m_60, k_msig_60, k_m_70, k_msig_70, coadd
FROM wsdb.extended_measurement;
COMMENT ON VIEW wsdb.extended_source IS 'Rows of wsdb.extended_measurement';

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
