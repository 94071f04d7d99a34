-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- How a release is filled: INSERT INTO release.psc_entry SELECT <what the release gives>, p.* FROM
-- release.psc_measurement AS p. The first view is the table with the columns that a release gives in front,
-- the second has the others, from the working database and in the same order. Neither costs time: the
-- server rewrites both before it plans.

DROP VIEW IF EXISTS release.psc_entry;
CREATE VIEW release.psc_entry AS
SELECT
    release_id, ra, decl, designation, prox, pxpa, pxcntr, gal_contam, mp_flg, pts_key, dup_src, use_src, a, dist_opt,
    phi_opt, b_m_opt, vr_m_opt, nopt_mchs, ext_key, run_id, src_id, err_maj, err_min, err_ang, j_m, j_cmsig, j_msigcom,
    j_snr, h_m, h_cmsig, h_msigcom, h_snr, k_m, k_cmsig, k_msigcom, k_snr, ph_qual, rd_flg, bl_flg, cc_flg, ndet, hemis,
    date, scan, glon, glat, x_scan, jdate, j_psfchi, h_psfchi, k_psfchi, j_m_stdap, j_msig_stdap, h_m_stdap,
    h_msig_stdap, k_m_stdap, k_msig_stdap, dist_edge_ns, dist_edge_ew, dist_edge_flg, scan_key, coadd_key, coadd
FROM release.psc;
COMMENT ON VIEW release.psc_entry IS 'release.psc: first what a release gives, then what it copies; for INSERT';

DROP VIEW IF EXISTS release.psc_measurement;
CREATE VIEW release.psc_measurement AS
SELECT
    run_id, src_id, err_maj, err_min, err_ang, j_m, j_cmsig, j_msigcom, j_snr, h_m, h_cmsig, h_msigcom, h_snr, k_m,
    k_cmsig, k_msigcom, k_snr, ph_qual, rd_flg, bl_flg, cc_flg, ndet, hemis, date, scan, glon, glat, x_scan, jdate,
    j_psfchi, h_psfchi, k_psfchi, j_m_stdap, j_msig_stdap, h_m_stdap, h_msig_stdap, k_m_stdap, k_msig_stdap,
    dist_edge_ns, dist_edge_ew, dist_edge_flg, scan_key, coadd_key, coadd
FROM wsdb.point_source;
COMMENT ON VIEW release.psc_measurement IS 'What a release copies from wsdb.point_source, in the order of release.psc_entry';

GRANT SELECT ON release.psc_entry, release.psc_measurement
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT INSERT ON release.psc_entry TO mapps_owner, mapps_operator;

DROP VIEW IF EXISTS release.xsc_entry;
CREATE VIEW release.xsc_entry AS
SELECT
    release_id, ext_key, designation, dup_src, use_src, ra, decl, run_id, ext_id, src_id, coadd_key, sup_ra, sup_dec,
    jdate, scan_key, x_scan, r_3sig, j_ba, j_phi, j_m_5, j_msig_5, j_m_7, j_msig_7, j_m_10, j_msig_10, j_m_15,
    j_msig_15, j_m_20, j_msig_20, j_m_25, j_msig_25, j_m_30, j_msig_30, j_m_40, j_msig_40, j_m_50, j_msig_50, j_m_60,
    j_msig_60, j_m_70, j_msig_70, h_ba, h_phi, h_m_5, h_msig_5, h_m_7, h_msig_7, h_m_10, h_msig_10, h_m_15, h_msig_15,
    h_m_20, h_msig_20, h_m_25, h_msig_25, h_m_30, h_msig_30, h_m_40, h_msig_40, h_m_50, h_msig_50, h_m_60, h_msig_60,
    h_m_70, h_msig_70, k_ba, k_phi, k_m_5, k_msig_5, k_m_7, k_msig_7, k_m_10, k_msig_10, k_m_15, k_msig_15, k_m_20,
    k_msig_20, k_m_25, k_msig_25, k_m_30, k_msig_30, k_m_40, k_msig_40, k_m_50, k_msig_50, k_m_60, k_msig_60, k_m_70,
    k_msig_70, x_coadd, y_coadd, sup_r_3sig, sup_ba, sup_ba_err, sup_phi, sersic_n, sersic_n_err, r_ext, r_k20fe,
    r_k20fc, r_j21fe, r_j21fc, r_fe, r_fc, j_m_ext, j_msig_ext, j_pchi, j_r_eff, j_mnsurfb_eff, j_con_indx, j_peak,
    j_5surf, j_5sig_ba, j_5sig_phi, j_back, j_resid_ann, j_r_i20e, j_r_i20c, j_r_i21e, j_r_i21c, j_r_e, j_r_c,
    j_m_k20fe, j_msig_k20fe, j_m_k20fc, j_msig_k20fc, j_m_j21fe, j_msig_j21fe, j_m_j21fc, j_msig_j21fc, j_m_fe,
    j_msig_fe, j_m_fc, j_msig_fc, j_m_i20e, j_msig_i20e, j_m_i20c, j_msig_i20c, j_m_i21e, j_msig_i21e, j_m_i21c,
    j_msig_i21c, j_m_e, j_msig_e, j_m_c, j_msig_c, h_m_ext, h_msig_ext, h_pchi, h_r_eff, h_mnsurfb_eff, h_con_indx,
    h_peak, h_5surf, h_5sig_ba, h_5sig_phi, h_back, h_resid_ann, h_r_i20e, h_r_i20c, h_r_i21e, h_r_i21c, h_r_e, h_r_c,
    h_m_k20fe, h_msig_k20fe, h_m_k20fc, h_msig_k20fc, h_m_j21fe, h_msig_j21fe, h_m_j21fc, h_msig_j21fc, h_m_fe,
    h_msig_fe, h_m_fc, h_msig_fc, h_m_i20e, h_msig_i20e, h_m_i20c, h_msig_i20c, h_m_i21e, h_msig_i21e, h_m_i21c,
    h_msig_i21c, h_m_e, h_msig_e, h_m_c, h_msig_c, k_m_ext, k_msig_ext, k_pchi, k_r_eff, k_mnsurfb_eff, k_con_indx,
    k_peak, k_5surf, k_5sig_ba, k_5sig_phi, k_back, k_resid_ann, k_r_i20e, k_r_i20c, k_r_i21e, k_r_i21c, k_r_e, k_r_c,
    k_m_k20fe, k_msig_k20fe, k_m_k20fc, k_msig_k20fc, k_m_j21fe, k_msig_j21fe, k_m_j21fc, k_msig_j21fc, k_m_fe,
    k_msig_fe, k_m_fc, k_msig_fc, k_m_i20e, k_msig_i20e, k_m_i20c, k_msig_i20c, k_m_i21e, k_msig_i21e, k_m_i21c,
    k_msig_i21c, k_m_e, k_msig_e, k_m_c, k_msig_c, j_m_sys, j_msig_sys, j_d_area, j_perc_darea, j_bisym_rat,
    j_bisym_chi, h_m_sys, h_msig_sys, h_d_area, h_perc_darea, h_bisym_rat, h_bisym_chi, k_m_sys, k_msig_sys, k_d_area,
    k_perc_darea, k_bisym_rat, k_bisym_chi, e_score, g_score, id, date, glon, glat, density, dist_edge_ns, dist_edge_ew,
    night_key, j_sh0, j_sig_sh0, h_sh0, h_sig_sh0, k_sh0, k_sig_sh0, j_chif_ellf, k_chif_ellf, sup_chif_ellf, prox,
    pxpa, pxcntr, mp_key, j_sc_mxdn, j_sc_sh, j_sc_wsh, j_sc_r23, j_sc_1mm, j_sc_2mm, j_sc_vint, j_sc_r1, j_sc_msh,
    j_subst2, j_bndg_per, j_bndg_amp, j_seetrack, h_sc_mxdn, h_sc_sh, h_sc_wsh, h_sc_r23, h_sc_1mm, h_sc_2mm, h_sc_vint,
    h_sc_r1, h_sc_msh, h_subst2, h_bndg_per, h_bndg_amp, h_seetrack, k_sc_mxdn, k_sc_sh, k_sc_wsh, k_sc_r23, k_sc_1mm,
    k_sc_2mm, k_sc_vint, k_sc_r1, k_sc_msh, k_subst2, k_bndg_per, k_bndg_amp, k_seetrack, j_flg_5, j_flg_7, j_flg_10,
    j_flg_15, j_flg_20, j_flg_25, j_flg_30, j_flg_40, j_flg_50, j_flg_60, j_flg_70, h_flg_5, h_flg_7, h_flg_10,
    h_flg_15, h_flg_20, h_flg_25, h_flg_30, h_flg_40, h_flg_50, h_flg_60, h_flg_70, k_flg_5, k_flg_7, k_flg_10,
    k_flg_15, k_flg_20, k_flg_25, k_flg_30, k_flg_40, k_flg_50, k_flg_60, k_flg_70, n_sub, j_flg_k20fe, j_flg_k20fc,
    j_flg_j21fe, j_flg_j21fc, j_flg_fe, j_flg_fc, j_flg_i20e, j_flg_i20c, j_flg_i21e, j_flg_i21c, j_flg_e, j_flg_c,
    h_flg_k20fe, h_flg_k20fc, h_flg_j21fe, h_flg_j21fc, h_flg_fe, h_flg_fc, h_flg_i20e, h_flg_i20c, h_flg_i21e,
    h_flg_i21c, h_flg_e, h_flg_c, k_flg_k20fe, k_flg_k20fc, k_flg_j21fe, k_flg_j21fc, k_flg_fe, k_flg_fc, k_flg_i20e,
    k_flg_i20c, k_flg_i21e, k_flg_i21c, k_flg_e, k_flg_c, sys_flg, scan, im_nx, vc, contam_flg, n_blank, ellfit_flg,
    bl_sub_flg, id_flg, blk_fac, coadd, hemis, dist_edge_flg, cc_flg, id_cat, fg_flg
FROM release.xsc;
COMMENT ON VIEW release.xsc_entry IS 'release.xsc: first what a release gives, then what it copies; for INSERT';

DROP VIEW IF EXISTS release.xsc_measurement;
CREATE VIEW release.xsc_measurement AS
SELECT
    run_id, ext_id, src_id, coadd_key, sup_ra, sup_dec, jdate, scan_key, x_scan, r_3sig, j_ba, j_phi, j_m_5, j_msig_5,
    j_m_7, j_msig_7, j_m_10, j_msig_10, j_m_15, j_msig_15, j_m_20, j_msig_20, j_m_25, j_msig_25, j_m_30, j_msig_30,
    j_m_40, j_msig_40, j_m_50, j_msig_50, j_m_60, j_msig_60, j_m_70, j_msig_70, h_ba, h_phi, h_m_5, h_msig_5, h_m_7,
    h_msig_7, h_m_10, h_msig_10, h_m_15, h_msig_15, h_m_20, h_msig_20, h_m_25, h_msig_25, h_m_30, h_msig_30, h_m_40,
    h_msig_40, h_m_50, h_msig_50, h_m_60, h_msig_60, h_m_70, h_msig_70, k_ba, k_phi, k_m_5, k_msig_5, k_m_7, k_msig_7,
    k_m_10, k_msig_10, k_m_15, k_msig_15, k_m_20, k_msig_20, k_m_25, k_msig_25, k_m_30, k_msig_30, k_m_40, k_msig_40,
    k_m_50, k_msig_50, k_m_60, k_msig_60, k_m_70, k_msig_70, x_coadd, y_coadd, sup_r_3sig, sup_ba, sup_ba_err, sup_phi,
    sersic_n, sersic_n_err, r_ext, r_k20fe, r_k20fc, r_j21fe, r_j21fc, r_fe, r_fc, j_m_ext, j_msig_ext, j_pchi, j_r_eff,
    j_mnsurfb_eff, j_con_indx, j_peak, j_5surf, j_5sig_ba, j_5sig_phi, j_back, j_resid_ann, j_r_i20e, j_r_i20c,
    j_r_i21e, j_r_i21c, j_r_e, j_r_c, j_m_k20fe, j_msig_k20fe, j_m_k20fc, j_msig_k20fc, j_m_j21fe, j_msig_j21fe,
    j_m_j21fc, j_msig_j21fc, j_m_fe, j_msig_fe, j_m_fc, j_msig_fc, j_m_i20e, j_msig_i20e, j_m_i20c, j_msig_i20c,
    j_m_i21e, j_msig_i21e, j_m_i21c, j_msig_i21c, j_m_e, j_msig_e, j_m_c, j_msig_c, h_m_ext, h_msig_ext, h_pchi,
    h_r_eff, h_mnsurfb_eff, h_con_indx, h_peak, h_5surf, h_5sig_ba, h_5sig_phi, h_back, h_resid_ann, h_r_i20e, h_r_i20c,
    h_r_i21e, h_r_i21c, h_r_e, h_r_c, h_m_k20fe, h_msig_k20fe, h_m_k20fc, h_msig_k20fc, h_m_j21fe, h_msig_j21fe,
    h_m_j21fc, h_msig_j21fc, h_m_fe, h_msig_fe, h_m_fc, h_msig_fc, h_m_i20e, h_msig_i20e, h_m_i20c, h_msig_i20c,
    h_m_i21e, h_msig_i21e, h_m_i21c, h_msig_i21c, h_m_e, h_msig_e, h_m_c, h_msig_c, k_m_ext, k_msig_ext, k_pchi,
    k_r_eff, k_mnsurfb_eff, k_con_indx, k_peak, k_5surf, k_5sig_ba, k_5sig_phi, k_back, k_resid_ann, k_r_i20e, k_r_i20c,
    k_r_i21e, k_r_i21c, k_r_e, k_r_c, k_m_k20fe, k_msig_k20fe, k_m_k20fc, k_msig_k20fc, k_m_j21fe, k_msig_j21fe,
    k_m_j21fc, k_msig_j21fc, k_m_fe, k_msig_fe, k_m_fc, k_msig_fc, k_m_i20e, k_msig_i20e, k_m_i20c, k_msig_i20c,
    k_m_i21e, k_msig_i21e, k_m_i21c, k_msig_i21c, k_m_e, k_msig_e, k_m_c, k_msig_c, j_m_sys, j_msig_sys, j_d_area,
    j_perc_darea, j_bisym_rat, j_bisym_chi, h_m_sys, h_msig_sys, h_d_area, h_perc_darea, h_bisym_rat, h_bisym_chi,
    k_m_sys, k_msig_sys, k_d_area, k_perc_darea, k_bisym_rat, k_bisym_chi, e_score, g_score, id, date, glon, glat,
    density, dist_edge_ns, dist_edge_ew, night_key, j_sh0, j_sig_sh0, h_sh0, h_sig_sh0, k_sh0, k_sig_sh0, j_chif_ellf,
    k_chif_ellf, sup_chif_ellf, prox, pxpa, pxcntr, mp_key, j_sc_mxdn, j_sc_sh, j_sc_wsh, j_sc_r23, j_sc_1mm, j_sc_2mm,
    j_sc_vint, j_sc_r1, j_sc_msh, j_subst2, j_bndg_per, j_bndg_amp, j_seetrack, h_sc_mxdn, h_sc_sh, h_sc_wsh, h_sc_r23,
    h_sc_1mm, h_sc_2mm, h_sc_vint, h_sc_r1, h_sc_msh, h_subst2, h_bndg_per, h_bndg_amp, h_seetrack, k_sc_mxdn, k_sc_sh,
    k_sc_wsh, k_sc_r23, k_sc_1mm, k_sc_2mm, k_sc_vint, k_sc_r1, k_sc_msh, k_subst2, k_bndg_per, k_bndg_amp, k_seetrack,
    j_flg_5, j_flg_7, j_flg_10, j_flg_15, j_flg_20, j_flg_25, j_flg_30, j_flg_40, j_flg_50, j_flg_60, j_flg_70, h_flg_5,
    h_flg_7, h_flg_10, h_flg_15, h_flg_20, h_flg_25, h_flg_30, h_flg_40, h_flg_50, h_flg_60, h_flg_70, k_flg_5, k_flg_7,
    k_flg_10, k_flg_15, k_flg_20, k_flg_25, k_flg_30, k_flg_40, k_flg_50, k_flg_60, k_flg_70, n_sub, j_flg_k20fe,
    j_flg_k20fc, j_flg_j21fe, j_flg_j21fc, j_flg_fe, j_flg_fc, j_flg_i20e, j_flg_i20c, j_flg_i21e, j_flg_i21c, j_flg_e,
    j_flg_c, h_flg_k20fe, h_flg_k20fc, h_flg_j21fe, h_flg_j21fc, h_flg_fe, h_flg_fc, h_flg_i20e, h_flg_i20c, h_flg_i21e,
    h_flg_i21c, h_flg_e, h_flg_c, k_flg_k20fe, k_flg_k20fc, k_flg_j21fe, k_flg_j21fc, k_flg_fe, k_flg_fc, k_flg_i20e,
    k_flg_i20c, k_flg_i21e, k_flg_i21c, k_flg_e, k_flg_c, sys_flg, scan, im_nx, vc, contam_flg, n_blank, ellfit_flg,
    bl_sub_flg, id_flg, blk_fac, coadd, hemis, dist_edge_flg, cc_flg, id_cat, fg_flg
FROM wsdb.extended_source;
COMMENT ON VIEW release.xsc_measurement IS 'What a release copies from wsdb.extended_source, in the order of release.xsc_entry';

GRANT SELECT ON release.xsc_entry, release.xsc_measurement
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT INSERT ON release.xsc_entry TO mapps_owner, mapps_operator;

-- Apparitions of minor planets in releases, as the survey kept them in mp_mch: the row, what it showed, and
-- the prediction that it was matched with. The view that is hashed is made anew after it.
DROP VIEW IF EXISTS release.mp_mch_content, release.mp_mch;
CREATE VIEW release.mp_mch AS
SELECT
    m.release_id, c.run_id, c.pts_key, c.src_id, c.hemis, c.date, c.scan, m.name, c.designation, c.jdate, c.ra, c.decl,
    m.distance_arcsec, m.predicted_jdate, c.j_m, c.h_m, c.k_m, c.ph_qual, c.cc_flg
FROM release.minor_planet AS m
JOIN release.psc AS c ON c.release_id = m.release_id AND c.pts_key = m.pts_key;
COMMENT ON VIEW release.mp_mch IS 'Released apparitions of minor planets and comets: observed place and light, and the prediction matched';
COMMENT ON COLUMN release.mp_mch.release_id IS 'Release';
COMMENT ON COLUMN release.mp_mch.run_id IS 'Run that the extraction is from';
COMMENT ON COLUMN release.mp_mch.pts_key IS 'Key in a release.';
COMMENT ON COLUMN release.mp_mch.src_id IS 'Unique in a run: HEALPix order 12 nested (28 bits), scan_key (25), sequence (10).';
COMMENT ON COLUMN release.mp_mch.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN release.mp_mch.date IS 'Observation reference date: UT date at sunrise of the night.';
COMMENT ON COLUMN release.mp_mch.scan IS 'Scan number in the night.';
COMMENT ON COLUMN release.mp_mch.name IS 'Minor planet or comet.';
COMMENT ON COLUMN release.mp_mch.designation IS 'Sexagesimal name made from the truncated position.';
COMMENT ON COLUMN release.mp_mch.jdate IS 'Julian date of the measurement, UTC, good to 1 s from frames and to 30 s from finished images [d]. Null: the input has no time.';
COMMENT ON COLUMN release.mp_mch.ra IS 'Right ascension, ICRS [deg].';
COMMENT ON COLUMN release.mp_mch.decl IS 'Declination, ICRS [deg].';
COMMENT ON COLUMN release.mp_mch.distance_arcsec IS 'Distance from the place predicted for the time of the row [arcsec].';
COMMENT ON COLUMN release.mp_mch.predicted_jdate IS 'Julian date of the prediction that the place was moved from [d].';
COMMENT ON COLUMN release.mp_mch.j_m IS 'J default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN release.mp_mch.h_m IS 'H default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN release.mp_mch.k_m IS 'Ks default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN release.mp_mch.ph_qual IS 'Photometric quality, one letter a band.';
COMMENT ON COLUMN release.mp_mch.cc_flg IS 'Contamination and confusion; capitals mean the row is an artefact.';
GRANT SELECT ON release.mp_mch TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

-- Columns of the views mean what they mean in their tables.
DO $comments$
DECLARE
    pair record;
BEGIN
    FOR pair IN
        SELECT known.view, v.attname AS name, col_description(t.attrelid, t.attnum) AS meaning
        FROM (VALUES
            ('release.psc_entry', 'release.psc'),
            ('release.psc_measurement', 'wsdb.point_source'),
            ('release.xsc_entry', 'release.xsc'),
            ('release.xsc_measurement', 'wsdb.extended_source')
        ) AS known (view, origin)
        JOIN pg_attribute AS v ON v.attrelid = known.view::regclass AND v.attnum > 0
        JOIN pg_attribute AS t ON t.attrelid = known.origin::regclass AND t.attname = v.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', pair.view, pair.name, pair.meaning);
    END LOOP;
END
$comments$;
