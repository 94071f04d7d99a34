-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- Released rows as release.content_hashes hashes them: as PostgreSQL sends a row to programs (record_send),
-- each value after its type and length; in version 1 as it writes one, ended by a line feed. Which columns,
-- in which order, is the definition of the hash; the release says of which version it is. How text has
-- floats and dates follows the session: release.content_hashes fixes extra_float_digits, DateStyle and
-- TimeZone. The name of the run stands for its key, which says in which order runs were made.

DROP VIEW IF EXISTS release.psc_content;
CREATE VIEW release.psc_content AS
SELECT
    t.release_id, t.src_id, t.pts_key,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.src_id, t.ra, t.decl, t.err_maj, t.err_min, t.err_ang, t.designation, t.j_m, t.j_cmsig,
        t.j_msigcom, t.j_snr, t.h_m, t.h_cmsig, t.h_msigcom, t.h_snr, t.k_m, t.k_cmsig, t.k_msigcom, t.k_snr, t.ph_qual,
        t.rd_flg, t.bl_flg, t.cc_flg, t.ndet, t.prox, t.pxpa, t.pxcntr, t.gal_contam, t.mp_flg, t.pts_key, t.hemis,
        t.date, t.scan, t.glon, t.glat, t.x_scan, t.jdate, t.j_psfchi, t.h_psfchi, t.k_psfchi, t.j_m_stdap,
        t.j_msig_stdap, t.h_m_stdap, t.h_msig_stdap, t.k_m_stdap, t.k_msig_stdap, t.dist_edge_ns, t.dist_edge_ew,
        t.dist_edge_flg, t.dup_src, t.use_src, t.a, t.dist_opt, t.phi_opt, t.b_m_opt, t.vr_m_opt, t.nopt_mchs,
        t.ext_key, t.scan_key, t.coadd_key, t.coadd
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.src_id, t.ra, t.decl, t.err_maj, t.err_min, t.err_ang, t.designation, t.j_m, t.j_cmsig,
        t.j_msigcom, t.j_snr, t.h_m, t.h_cmsig, t.h_msigcom, t.h_snr, t.k_m, t.k_cmsig, t.k_msigcom, t.k_snr, t.ph_qual,
        t.rd_flg, t.bl_flg, t.cc_flg, t.ndet, t.prox, t.pxpa, t.pxcntr, t.gal_contam, t.mp_flg, t.pts_key, t.hemis,
        t.date, t.scan, t.glon, t.glat, t.x_scan, t.jdate, t.j_psfchi, t.h_psfchi, t.k_psfchi, t.j_m_stdap,
        t.j_msig_stdap, t.h_m_stdap, t.h_msig_stdap, t.k_m_stdap, t.k_msig_stdap, t.dist_edge_ns, t.dist_edge_ew,
        t.dist_edge_flg, t.dup_src, t.use_src, t.a, t.dist_opt, t.phi_opt, t.b_m_opt, t.vr_m_opt, t.nopt_mchs,
        t.ext_key, t.scan_key, t.coadd_key, t.coadd
    ))
    END AS content
FROM release.psc AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.psc_content IS 'Rows of release.psc as the bytes that are hashed';
COMMENT ON COLUMN release.psc_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.psc_content.src_id IS 'As in release.psc: gives rows their part and order';
COMMENT ON COLUMN release.psc_content.pts_key IS 'As in release.psc: gives rows their part and order';
COMMENT ON COLUMN release.psc_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.psc_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.xsc_content;
CREATE VIEW release.xsc_content AS
SELECT
    t.release_id, t.ext_id, t.ext_key,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.ext_key, t.designation, t.dup_src, t.use_src, t.ext_id, t.src_id, t.ra, t.decl, t.coadd_key,
        t.sup_ra, t.sup_dec, t.jdate, t.scan_key, t.x_scan, t.r_3sig, t.j_ba, t.j_phi, t.j_m_5, t.j_msig_5, t.j_m_7,
        t.j_msig_7, t.j_m_10, t.j_msig_10, t.j_m_15, t.j_msig_15, t.j_m_20, t.j_msig_20, t.j_m_25, t.j_msig_25,
        t.j_m_30, t.j_msig_30, t.j_m_40, t.j_msig_40, t.j_m_50, t.j_msig_50, t.j_m_60, t.j_msig_60, t.j_m_70,
        t.j_msig_70, t.h_ba, t.h_phi, t.h_m_5, t.h_msig_5, t.h_m_7, t.h_msig_7, t.h_m_10, t.h_msig_10, t.h_m_15,
        t.h_msig_15, t.h_m_20, t.h_msig_20, t.h_m_25, t.h_msig_25, t.h_m_30, t.h_msig_30, t.h_m_40, t.h_msig_40,
        t.h_m_50, t.h_msig_50, t.h_m_60, t.h_msig_60, t.h_m_70, t.h_msig_70, t.k_ba, t.k_phi, t.k_m_5, t.k_msig_5,
        t.k_m_7, t.k_msig_7, t.k_m_10, t.k_msig_10, t.k_m_15, t.k_msig_15, t.k_m_20, t.k_msig_20, t.k_m_25, t.k_msig_25,
        t.k_m_30, t.k_msig_30, t.k_m_40, t.k_msig_40, t.k_m_50, t.k_msig_50, t.k_m_60, t.k_msig_60, t.k_m_70,
        t.k_msig_70, t.x_coadd, t.y_coadd, t.sup_r_3sig, t.sup_ba, t.sup_ba_err, t.sup_phi, t.sersic_n, t.sersic_n_err,
        t.r_ext, t.r_k20fe, t.r_k20fc, t.r_j21fe, t.r_j21fc, t.r_fe, t.r_fc, t.j_m_ext, t.j_msig_ext, t.j_pchi,
        t.j_r_eff, t.j_mnsurfb_eff, t.j_con_indx, t.j_peak, t.j_5surf, t.j_5sig_ba, t.j_5sig_phi, t.j_back,
        t.j_resid_ann, t.j_r_i20e, t.j_r_i20c, t.j_r_i21e, t.j_r_i21c, t.j_r_e, t.j_r_c, t.j_m_k20fe, t.j_msig_k20fe,
        t.j_m_k20fc, t.j_msig_k20fc, t.j_m_j21fe, t.j_msig_j21fe, t.j_m_j21fc, t.j_msig_j21fc, t.j_m_fe, t.j_msig_fe,
        t.j_m_fc, t.j_msig_fc, t.j_m_i20e, t.j_msig_i20e, t.j_m_i20c, t.j_msig_i20c, t.j_m_i21e, t.j_msig_i21e,
        t.j_m_i21c, t.j_msig_i21c, t.j_m_e, t.j_msig_e, t.j_m_c, t.j_msig_c, t.h_m_ext, t.h_msig_ext, t.h_pchi,
        t.h_r_eff, t.h_mnsurfb_eff, t.h_con_indx, t.h_peak, t.h_5surf, t.h_5sig_ba, t.h_5sig_phi, t.h_back,
        t.h_resid_ann, t.h_r_i20e, t.h_r_i20c, t.h_r_i21e, t.h_r_i21c, t.h_r_e, t.h_r_c, t.h_m_k20fe, t.h_msig_k20fe,
        t.h_m_k20fc, t.h_msig_k20fc, t.h_m_j21fe, t.h_msig_j21fe, t.h_m_j21fc, t.h_msig_j21fc, t.h_m_fe, t.h_msig_fe,
        t.h_m_fc, t.h_msig_fc, t.h_m_i20e, t.h_msig_i20e, t.h_m_i20c, t.h_msig_i20c, t.h_m_i21e, t.h_msig_i21e,
        t.h_m_i21c, t.h_msig_i21c, t.h_m_e, t.h_msig_e, t.h_m_c, t.h_msig_c, t.k_m_ext, t.k_msig_ext, t.k_pchi,
        t.k_r_eff, t.k_mnsurfb_eff, t.k_con_indx, t.k_peak, t.k_5surf, t.k_5sig_ba, t.k_5sig_phi, t.k_back,
        t.k_resid_ann, t.k_r_i20e, t.k_r_i20c, t.k_r_i21e, t.k_r_i21c, t.k_r_e, t.k_r_c, t.k_m_k20fe, t.k_msig_k20fe,
        t.k_m_k20fc, t.k_msig_k20fc, t.k_m_j21fe, t.k_msig_j21fe, t.k_m_j21fc, t.k_msig_j21fc, t.k_m_fe, t.k_msig_fe,
        t.k_m_fc, t.k_msig_fc, t.k_m_i20e, t.k_msig_i20e, t.k_m_i20c, t.k_msig_i20c, t.k_m_i21e, t.k_msig_i21e,
        t.k_m_i21c, t.k_msig_i21c, t.k_m_e, t.k_msig_e, t.k_m_c, t.k_msig_c, t.j_m_sys, t.j_msig_sys, t.j_d_area,
        t.j_perc_darea, t.j_bisym_rat, t.j_bisym_chi, t.h_m_sys, t.h_msig_sys, t.h_d_area, t.h_perc_darea,
        t.h_bisym_rat, t.h_bisym_chi, t.k_m_sys, t.k_msig_sys, t.k_d_area, t.k_perc_darea, t.k_bisym_rat, t.k_bisym_chi,
        t.e_score, t.g_score, t.id, t.date, t.glon, t.glat, t.density, t.dist_edge_ns, t.dist_edge_ew, t.night_key,
        t.j_sh0, t.j_sig_sh0, t.h_sh0, t.h_sig_sh0, t.k_sh0, t.k_sig_sh0, t.j_chif_ellf, t.k_chif_ellf, t.sup_chif_ellf,
        t.prox, t.pxpa, t.pxcntr, t.mp_key, t.j_sc_mxdn, t.j_sc_sh, t.j_sc_wsh, t.j_sc_r23, t.j_sc_1mm, t.j_sc_2mm,
        t.j_sc_vint, t.j_sc_r1, t.j_sc_msh, t.j_subst2, t.j_bndg_per, t.j_bndg_amp, t.j_seetrack, t.h_sc_mxdn,
        t.h_sc_sh, t.h_sc_wsh, t.h_sc_r23, t.h_sc_1mm, t.h_sc_2mm, t.h_sc_vint, t.h_sc_r1, t.h_sc_msh, t.h_subst2,
        t.h_bndg_per, t.h_bndg_amp, t.h_seetrack, t.k_sc_mxdn, t.k_sc_sh, t.k_sc_wsh, t.k_sc_r23, t.k_sc_1mm,
        t.k_sc_2mm, t.k_sc_vint, t.k_sc_r1, t.k_sc_msh, t.k_subst2, t.k_bndg_per, t.k_bndg_amp, t.k_seetrack, t.j_flg_5,
        t.j_flg_7, t.j_flg_10, t.j_flg_15, t.j_flg_20, t.j_flg_25, t.j_flg_30, t.j_flg_40, t.j_flg_50, t.j_flg_60,
        t.j_flg_70, t.h_flg_5, t.h_flg_7, t.h_flg_10, t.h_flg_15, t.h_flg_20, t.h_flg_25, t.h_flg_30, t.h_flg_40,
        t.h_flg_50, t.h_flg_60, t.h_flg_70, t.k_flg_5, t.k_flg_7, t.k_flg_10, t.k_flg_15, t.k_flg_20, t.k_flg_25,
        t.k_flg_30, t.k_flg_40, t.k_flg_50, t.k_flg_60, t.k_flg_70, t.n_sub, t.j_flg_k20fe, t.j_flg_k20fc,
        t.j_flg_j21fe, t.j_flg_j21fc, t.j_flg_fe, t.j_flg_fc, t.j_flg_i20e, t.j_flg_i20c, t.j_flg_i21e, t.j_flg_i21c,
        t.j_flg_e, t.j_flg_c, t.h_flg_k20fe, t.h_flg_k20fc, t.h_flg_j21fe, t.h_flg_j21fc, t.h_flg_fe, t.h_flg_fc,
        t.h_flg_i20e, t.h_flg_i20c, t.h_flg_i21e, t.h_flg_i21c, t.h_flg_e, t.h_flg_c, t.k_flg_k20fe, t.k_flg_k20fc,
        t.k_flg_j21fe, t.k_flg_j21fc, t.k_flg_fe, t.k_flg_fc, t.k_flg_i20e, t.k_flg_i20c, t.k_flg_i21e, t.k_flg_i21c,
        t.k_flg_e, t.k_flg_c, t.sys_flg, t.scan, t.im_nx, t.vc, t.contam_flg, t.n_blank, t.ellfit_flg, t.bl_sub_flg,
        t.id_flg, t.blk_fac, t.coadd, t.hemis, t.dist_edge_flg, t.cc_flg, t.id_cat, t.fg_flg
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.ext_key, t.designation, t.dup_src, t.use_src, t.ext_id, t.src_id, t.ra, t.decl, t.coadd_key,
        t.sup_ra, t.sup_dec, t.jdate, t.scan_key, t.x_scan, t.r_3sig, t.j_ba, t.j_phi, t.j_m_5, t.j_msig_5, t.j_m_7,
        t.j_msig_7, t.j_m_10, t.j_msig_10, t.j_m_15, t.j_msig_15, t.j_m_20, t.j_msig_20, t.j_m_25, t.j_msig_25,
        t.j_m_30, t.j_msig_30, t.j_m_40, t.j_msig_40, t.j_m_50, t.j_msig_50, t.j_m_60, t.j_msig_60, t.j_m_70,
        t.j_msig_70, t.h_ba, t.h_phi, t.h_m_5, t.h_msig_5, t.h_m_7, t.h_msig_7, t.h_m_10, t.h_msig_10, t.h_m_15,
        t.h_msig_15, t.h_m_20, t.h_msig_20, t.h_m_25, t.h_msig_25, t.h_m_30, t.h_msig_30, t.h_m_40, t.h_msig_40,
        t.h_m_50, t.h_msig_50, t.h_m_60, t.h_msig_60, t.h_m_70, t.h_msig_70, t.k_ba, t.k_phi, t.k_m_5, t.k_msig_5,
        t.k_m_7, t.k_msig_7, t.k_m_10, t.k_msig_10, t.k_m_15, t.k_msig_15, t.k_m_20, t.k_msig_20, t.k_m_25, t.k_msig_25,
        t.k_m_30, t.k_msig_30, t.k_m_40, t.k_msig_40, t.k_m_50, t.k_msig_50, t.k_m_60, t.k_msig_60, t.k_m_70,
        t.k_msig_70, t.x_coadd, t.y_coadd, t.sup_r_3sig, t.sup_ba, t.sup_ba_err, t.sup_phi, t.sersic_n, t.sersic_n_err,
        t.r_ext, t.r_k20fe, t.r_k20fc, t.r_j21fe, t.r_j21fc, t.r_fe, t.r_fc, t.j_m_ext, t.j_msig_ext, t.j_pchi,
        t.j_r_eff, t.j_mnsurfb_eff, t.j_con_indx, t.j_peak, t.j_5surf, t.j_5sig_ba, t.j_5sig_phi, t.j_back,
        t.j_resid_ann, t.j_r_i20e, t.j_r_i20c, t.j_r_i21e, t.j_r_i21c, t.j_r_e, t.j_r_c, t.j_m_k20fe, t.j_msig_k20fe,
        t.j_m_k20fc, t.j_msig_k20fc, t.j_m_j21fe, t.j_msig_j21fe, t.j_m_j21fc, t.j_msig_j21fc, t.j_m_fe, t.j_msig_fe,
        t.j_m_fc, t.j_msig_fc, t.j_m_i20e, t.j_msig_i20e, t.j_m_i20c, t.j_msig_i20c, t.j_m_i21e, t.j_msig_i21e,
        t.j_m_i21c, t.j_msig_i21c, t.j_m_e, t.j_msig_e, t.j_m_c, t.j_msig_c, t.h_m_ext, t.h_msig_ext, t.h_pchi,
        t.h_r_eff, t.h_mnsurfb_eff, t.h_con_indx, t.h_peak, t.h_5surf, t.h_5sig_ba, t.h_5sig_phi, t.h_back,
        t.h_resid_ann, t.h_r_i20e, t.h_r_i20c, t.h_r_i21e, t.h_r_i21c, t.h_r_e, t.h_r_c, t.h_m_k20fe, t.h_msig_k20fe,
        t.h_m_k20fc, t.h_msig_k20fc, t.h_m_j21fe, t.h_msig_j21fe, t.h_m_j21fc, t.h_msig_j21fc, t.h_m_fe, t.h_msig_fe,
        t.h_m_fc, t.h_msig_fc, t.h_m_i20e, t.h_msig_i20e, t.h_m_i20c, t.h_msig_i20c, t.h_m_i21e, t.h_msig_i21e,
        t.h_m_i21c, t.h_msig_i21c, t.h_m_e, t.h_msig_e, t.h_m_c, t.h_msig_c, t.k_m_ext, t.k_msig_ext, t.k_pchi,
        t.k_r_eff, t.k_mnsurfb_eff, t.k_con_indx, t.k_peak, t.k_5surf, t.k_5sig_ba, t.k_5sig_phi, t.k_back,
        t.k_resid_ann, t.k_r_i20e, t.k_r_i20c, t.k_r_i21e, t.k_r_i21c, t.k_r_e, t.k_r_c, t.k_m_k20fe, t.k_msig_k20fe,
        t.k_m_k20fc, t.k_msig_k20fc, t.k_m_j21fe, t.k_msig_j21fe, t.k_m_j21fc, t.k_msig_j21fc, t.k_m_fe, t.k_msig_fe,
        t.k_m_fc, t.k_msig_fc, t.k_m_i20e, t.k_msig_i20e, t.k_m_i20c, t.k_msig_i20c, t.k_m_i21e, t.k_msig_i21e,
        t.k_m_i21c, t.k_msig_i21c, t.k_m_e, t.k_msig_e, t.k_m_c, t.k_msig_c, t.j_m_sys, t.j_msig_sys, t.j_d_area,
        t.j_perc_darea, t.j_bisym_rat, t.j_bisym_chi, t.h_m_sys, t.h_msig_sys, t.h_d_area, t.h_perc_darea,
        t.h_bisym_rat, t.h_bisym_chi, t.k_m_sys, t.k_msig_sys, t.k_d_area, t.k_perc_darea, t.k_bisym_rat, t.k_bisym_chi,
        t.e_score, t.g_score, t.id, t.date, t.glon, t.glat, t.density, t.dist_edge_ns, t.dist_edge_ew, t.night_key,
        t.j_sh0, t.j_sig_sh0, t.h_sh0, t.h_sig_sh0, t.k_sh0, t.k_sig_sh0, t.j_chif_ellf, t.k_chif_ellf, t.sup_chif_ellf,
        t.prox, t.pxpa, t.pxcntr, t.mp_key, t.j_sc_mxdn, t.j_sc_sh, t.j_sc_wsh, t.j_sc_r23, t.j_sc_1mm, t.j_sc_2mm,
        t.j_sc_vint, t.j_sc_r1, t.j_sc_msh, t.j_subst2, t.j_bndg_per, t.j_bndg_amp, t.j_seetrack, t.h_sc_mxdn,
        t.h_sc_sh, t.h_sc_wsh, t.h_sc_r23, t.h_sc_1mm, t.h_sc_2mm, t.h_sc_vint, t.h_sc_r1, t.h_sc_msh, t.h_subst2,
        t.h_bndg_per, t.h_bndg_amp, t.h_seetrack, t.k_sc_mxdn, t.k_sc_sh, t.k_sc_wsh, t.k_sc_r23, t.k_sc_1mm,
        t.k_sc_2mm, t.k_sc_vint, t.k_sc_r1, t.k_sc_msh, t.k_subst2, t.k_bndg_per, t.k_bndg_amp, t.k_seetrack, t.j_flg_5,
        t.j_flg_7, t.j_flg_10, t.j_flg_15, t.j_flg_20, t.j_flg_25, t.j_flg_30, t.j_flg_40, t.j_flg_50, t.j_flg_60,
        t.j_flg_70, t.h_flg_5, t.h_flg_7, t.h_flg_10, t.h_flg_15, t.h_flg_20, t.h_flg_25, t.h_flg_30, t.h_flg_40,
        t.h_flg_50, t.h_flg_60, t.h_flg_70, t.k_flg_5, t.k_flg_7, t.k_flg_10, t.k_flg_15, t.k_flg_20, t.k_flg_25,
        t.k_flg_30, t.k_flg_40, t.k_flg_50, t.k_flg_60, t.k_flg_70, t.n_sub, t.j_flg_k20fe, t.j_flg_k20fc,
        t.j_flg_j21fe, t.j_flg_j21fc, t.j_flg_fe, t.j_flg_fc, t.j_flg_i20e, t.j_flg_i20c, t.j_flg_i21e, t.j_flg_i21c,
        t.j_flg_e, t.j_flg_c, t.h_flg_k20fe, t.h_flg_k20fc, t.h_flg_j21fe, t.h_flg_j21fc, t.h_flg_fe, t.h_flg_fc,
        t.h_flg_i20e, t.h_flg_i20c, t.h_flg_i21e, t.h_flg_i21c, t.h_flg_e, t.h_flg_c, t.k_flg_k20fe, t.k_flg_k20fc,
        t.k_flg_j21fe, t.k_flg_j21fc, t.k_flg_fe, t.k_flg_fc, t.k_flg_i20e, t.k_flg_i20c, t.k_flg_i21e, t.k_flg_i21c,
        t.k_flg_e, t.k_flg_c, t.sys_flg, t.scan, t.im_nx, t.vc, t.contam_flg, t.n_blank, t.ellfit_flg, t.bl_sub_flg,
        t.id_flg, t.blk_fac, t.coadd, t.hemis, t.dist_edge_flg, t.cc_flg, t.id_cat, t.fg_flg
    ))
    END AS content
FROM release.xsc AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.xsc_content IS 'Rows of release.xsc as the bytes that are hashed';
COMMENT ON COLUMN release.xsc_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.xsc_content.ext_id IS 'As in release.xsc: gives rows their part and order';
COMMENT ON COLUMN release.xsc_content.ext_key IS 'As in release.xsc: gives rows their part and order';
COMMENT ON COLUMN release.xsc_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.xsc_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.atlas_content;
CREATE VIEW release.atlas_content AS
SELECT
    t.release_id, t.coadd_key, t.band,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.coadd_key, t.scan_key, t.band, t.number, t.ra, t.decl, t.zero_point_mag, t.zero_point_error_mag,
        t.sha256, t.url
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.coadd_key, t.scan_key, t.band, t.number, t.ra, t.decl, t.zero_point_mag, t.zero_point_error_mag,
        t.sha256, t.url
    ))
    END AS content
FROM release.atlas AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.atlas_content IS 'Rows of release.atlas as the bytes that are hashed';
COMMENT ON COLUMN release.atlas_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.atlas_content.coadd_key IS 'As in release.atlas: gives rows their part and order';
COMMENT ON COLUMN release.atlas_content.band IS 'As in release.atlas: gives rows their part and order';
COMMENT ON COLUMN release.atlas_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.atlas_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.stamp_content;
CREATE VIEW release.stamp_content AS
SELECT
    t.release_id, t.ext_key,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.ext_key, t.ext_id, t.coadd_key, t.scan_key, t.ra, t.decl, t.side_pix, t.bands, t.sha256, t.url
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.ext_key, t.ext_id, t.coadd_key, t.scan_key, t.ra, t.decl, t.side_pix, t.bands, t.sha256, t.url
    ))
    END AS content
FROM release.stamp AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.stamp_content IS 'Rows of release.stamp as the bytes that are hashed';
COMMENT ON COLUMN release.stamp_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.stamp_content.ext_key IS 'As in release.stamp: gives rows their part and order';
COMMENT ON COLUMN release.stamp_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.stamp_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.scn_content;
CREATE VIEW release.scn_content AS
SELECT
    t.release_id, t.scan_key,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.scan_key, t.hemis, t.date, t.scan, t.tile, t.ra, t.decl, t.ra_1, t.dec_1, t.ra_2, t.dec_2,
        t.ra_3, t.dec_3, t.ra_4, t.dec_4, t.sd, t.qual, t.hgl, t.cld, t.xph, t.anom, t.ut, t.jdate, t.airm, t.zd, t.ha,
        t.j_zp_ap, t.j_zperr_ap, t.j_n_snr10, t.j_shape_avg, t.j_shape_rms, t.j_2mrat, t.j_msnr10, t.h_zp_ap,
        t.h_zperr_ap, t.h_n_snr10, t.h_shape_avg, t.h_shape_rms, t.h_2mrat, t.h_msnr10, t.k_zp_ap, t.k_zperr_ap,
        t.k_n_snr10, t.k_shape_avg, t.k_shape_rms, t.k_2mrat, t.k_msnr10, t.n_ext, t.images
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.scan_key, t.hemis, t.date, t.scan, t.tile, t.ra, t.decl, t.ra_1, t.dec_1, t.ra_2, t.dec_2,
        t.ra_3, t.dec_3, t.ra_4, t.dec_4, t.sd, t.qual, t.hgl, t.cld, t.xph, t.anom, t.ut, t.jdate, t.airm, t.zd, t.ha,
        t.j_zp_ap, t.j_zperr_ap, t.j_n_snr10, t.j_shape_avg, t.j_shape_rms, t.j_2mrat, t.j_msnr10, t.h_zp_ap,
        t.h_zperr_ap, t.h_n_snr10, t.h_shape_avg, t.h_shape_rms, t.h_2mrat, t.h_msnr10, t.k_zp_ap, t.k_zperr_ap,
        t.k_n_snr10, t.k_shape_avg, t.k_shape_rms, t.k_2mrat, t.k_msnr10, t.n_ext, t.images
    ))
    END AS content
FROM release.scn AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.scn_content IS 'Rows of release.scn as the bytes that are hashed';
COMMENT ON COLUMN release.scn_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.scn_content.scan_key IS 'As in release.scn: gives rows their part and order';
COMMENT ON COLUMN release.scn_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.scn_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.img_content;
CREATE VIEW release.img_content AS
SELECT
    t.release_id, t.coadd_key,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.coadd_key, t.scan_key, t.hemis, t.date, t.scan, t.coadd, t.ra, t.decl, t.width_pix, t.height_pix,
        t.j_zp, t.j_zperr, t.j_shape, t.j_sky, t.j_sky_sigma, t.j_sha256, t.h_zp, t.h_zperr, t.h_shape, t.h_sky,
        t.h_sky_sigma, t.h_sha256, t.k_zp, t.k_zperr, t.k_shape, t.k_sky, t.k_sky_sigma, t.k_sha256
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.coadd_key, t.scan_key, t.hemis, t.date, t.scan, t.coadd, t.ra, t.decl, t.width_pix, t.height_pix,
        t.j_zp, t.j_zperr, t.j_shape, t.j_sky, t.j_sky_sigma, t.j_sha256, t.h_zp, t.h_zperr, t.h_shape, t.h_sky,
        t.h_sky_sigma, t.h_sha256, t.k_zp, t.k_zperr, t.k_shape, t.k_sky, t.k_sky_sigma, t.k_sha256
    ))
    END AS content
FROM release.img AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.img_content IS 'Rows of release.img as the bytes that are hashed';
COMMENT ON COLUMN release.img_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.img_content.coadd_key IS 'As in release.img: gives rows their part and order';
COMMENT ON COLUMN release.img_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.img_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.mp_mch_content;
CREATE VIEW release.mp_mch_content AS
SELECT
    t.release_id, t.pts_key,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.pts_key, t.src_id, t.hemis, t.date, t.scan, t.name, t.designation, t.jdate, t.ra, t.decl,
        t.distance_arcsec, t.predicted_jdate, t.j_m, t.h_m, t.k_m, t.ph_qual, t.cc_flg
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.pts_key, t.src_id, t.hemis, t.date, t.scan, t.name, t.designation, t.jdate, t.ra, t.decl,
        t.distance_arcsec, t.predicted_jdate, t.j_m, t.h_m, t.k_m, t.ph_qual, t.cc_flg
    ))
    END AS content
FROM release.mp_mch AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.mp_mch_content IS 'Rows of release.mp_mch as the bytes that are hashed';
COMMENT ON COLUMN release.mp_mch_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.mp_mch_content.pts_key IS 'As in release.mp_mch: gives rows their part and order';
COMMENT ON COLUMN release.mp_mch_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.mp_mch_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.property_map_content;
CREATE VIEW release.property_map_content AS
SELECT
    t.release_id, t.pixel,
    CASE r.hash_version
    WHEN 1 THEN convert_to(ROW(
        parent.name, t.pixel, t.j_frac, t.j_scans, t.j_depth, t.j_seeing, t.j_zp, t.h_frac, t.h_scans, t.h_depth,
        t.h_seeing, t.h_zp, t.k_frac, t.k_scans, t.k_depth, t.k_seeing, t.k_zp, t.coadd_key, t.ra, t.decl
    )::text || E'\n', 'UTF8')
    WHEN 2 THEN record_send(ROW(
        parent.name, t.pixel, t.j_frac, t.j_scans, t.j_depth, t.j_seeing, t.j_zp, t.h_frac, t.h_scans, t.h_depth,
        t.h_seeing, t.h_zp, t.k_frac, t.k_scans, t.k_depth, t.k_seeing, t.k_zp, t.coadd_key, t.ra, t.decl
    ))
    END AS content
FROM release.property_map AS t
JOIN release.release AS r USING (release_id)
LEFT JOIN release.parent_run AS parent USING (release_id, run_id);
COMMENT ON VIEW release.property_map_content IS 'Rows of release.property_map as the bytes that are hashed';
COMMENT ON COLUMN release.property_map_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.property_map_content.pixel IS 'As in release.property_map: gives rows their part and order';
COMMENT ON COLUMN release.property_map_content.content IS 'The row as bytes; null: of a version that is not known';
GRANT SELECT ON release.property_map_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
