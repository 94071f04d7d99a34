-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- The text of released rows that release.content_hashes hashes: columns as PostgreSQL writes a row. Which
-- columns, in which order, is the definition of the hash. How floats and dates are written follows the
-- session: release.content_hashes fixes extra_float_digits, DateStyle and TimeZone.

DROP VIEW IF EXISTS release.psc_content;
CREATE VIEW release.psc_content AS
SELECT
    release_id, src_id, pts_key,
    ROW(
        run_id, src_id, ra, decl, err_maj, err_min, err_ang, designation, j_m, j_cmsig, j_msigcom, j_snr, h_m, h_cmsig,
        h_msigcom, h_snr, k_m, k_cmsig, k_msigcom, k_snr, ph_qual, rd_flg, bl_flg, cc_flg, ndet, prox, pxpa, pxcntr,
        gal_contam, mp_flg, pts_key, hemis, date, scan, glon, glat, x_scan, jdate, j_psfchi, h_psfchi, k_psfchi,
        j_m_stdap, j_msig_stdap, h_m_stdap, h_msig_stdap, k_m_stdap, k_msig_stdap, dist_edge_ns, dist_edge_ew,
        dist_edge_flg, dup_src, use_src, a, dist_opt, phi_opt, b_m_opt, vr_m_opt, nopt_mchs, ext_key, scan_key,
        coadd_key, coadd
    )::text AS content
FROM release.psc;
COMMENT ON VIEW release.psc_content IS 'Rows of release.psc as the text that is hashed';
COMMENT ON COLUMN release.psc_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.psc_content.src_id IS 'As in release.psc: gives rows their part and order';
COMMENT ON COLUMN release.psc_content.pts_key IS 'As in release.psc: gives rows their part and order';
COMMENT ON COLUMN release.psc_content.content IS 'The row as text';
GRANT SELECT ON release.psc_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.xsc_content;
CREATE VIEW release.xsc_content AS
SELECT
    release_id, ext_id, ext_key,
    ROW(
        ext_key, designation, ext_id, attempt_id, src_id, ra, decl, run_id, scan_key, coadd_key, r_3sig, j_ba, j_phi,
        j_m_5, j_msig_5, j_m_7, j_msig_7, j_m_10, j_msig_10, j_m_15, j_msig_15, j_m_20, j_msig_20, j_m_25, j_msig_25,
        j_m_30, j_msig_30, j_m_40, j_msig_40, j_m_50, j_msig_50, j_m_60, j_msig_60, j_m_70, j_msig_70, h_ba, h_phi,
        h_m_5, h_msig_5, h_m_7, h_msig_7, h_m_10, h_msig_10, h_m_15, h_msig_15, h_m_20, h_msig_20, h_m_25, h_msig_25,
        h_m_30, h_msig_30, h_m_40, h_msig_40, h_m_50, h_msig_50, h_m_60, h_msig_60, h_m_70, h_msig_70, k_ba, k_phi,
        k_m_5, k_msig_5, k_m_7, k_msig_7, k_m_10, k_msig_10, k_m_15, k_msig_15, k_m_20, k_msig_20, k_m_25, k_msig_25,
        k_m_30, k_msig_30, k_m_40, k_msig_40, k_m_50, k_msig_50, k_m_60, k_msig_60, k_m_70, k_msig_70, coadd
    )::text AS content
FROM release.xsc;
COMMENT ON VIEW release.xsc_content IS 'Rows of release.xsc as the text that is hashed';
COMMENT ON COLUMN release.xsc_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.xsc_content.ext_id IS 'As in release.xsc: gives rows their part and order';
COMMENT ON COLUMN release.xsc_content.ext_key IS 'As in release.xsc: gives rows their part and order';
COMMENT ON COLUMN release.xsc_content.content IS 'The row as text';
GRANT SELECT ON release.xsc_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

DROP VIEW IF EXISTS release.atlas_content;
CREATE VIEW release.atlas_content AS
SELECT
    release_id, coadd_key, band, image_id,
    ROW(
        coadd_key, scan_key, band, number, ra, decl, url, sha256, zero_point_mag
    )::text AS content
FROM release.atlas;
COMMENT ON VIEW release.atlas_content IS 'Rows of release.atlas as the text that is hashed';
COMMENT ON COLUMN release.atlas_content.release_id IS 'Release; not hashed, so equal content has equal hashes';
COMMENT ON COLUMN release.atlas_content.coadd_key IS 'As in release.atlas: gives rows their part and order';
COMMENT ON COLUMN release.atlas_content.band IS 'As in release.atlas: gives rows their part and order';
COMMENT ON COLUMN release.atlas_content.image_id IS 'As in release.atlas: gives rows their part and order';
COMMENT ON COLUMN release.atlas_content.content IS 'The row as text';
GRANT SELECT ON release.atlas_content TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
