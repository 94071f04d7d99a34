-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- How a release is filled: INSERT INTO release.psc_entry SELECT <what the release gives>, p.* FROM
-- release.psc_measurement AS p. The first view is the table with the columns that a release gives in front,
-- the second has the others, from the working database and in the same order. Neither costs time: the
-- server rewrites both before it plans.

DROP VIEW IF EXISTS release.psc_entry;
CREATE VIEW release.psc_entry AS
SELECT
    release_id, ra, decl, designation, prox, pxpa, pxcntr, gal_contam, pts_key, dup_src, use_src, a, dist_opt, phi_opt,
    b_m_opt, vr_m_opt, nopt_mchs, ext_key, run_id, src_id, err_maj, err_min, err_ang, j_m, j_cmsig, j_msigcom, j_snr,
    h_m, h_cmsig, h_msigcom, h_snr, k_m, k_cmsig, k_msigcom, k_snr, ph_qual, rd_flg, bl_flg, cc_flg, ndet, mp_flg,
    hemis, date, scan, glon, glat, x_scan, jdate, j_psfchi, h_psfchi, k_psfchi, j_m_stdap, j_msig_stdap, h_m_stdap,
    h_msig_stdap, k_m_stdap, k_msig_stdap, dist_edge_ns, dist_edge_ew, dist_edge_flg, scan_key, coadd_key, coadd
FROM release.psc;
COMMENT ON VIEW release.psc_entry IS 'release.psc: first what a release gives, then what it copies; for INSERT';

DROP VIEW IF EXISTS release.psc_measurement;
CREATE VIEW release.psc_measurement AS
SELECT
    run_id, src_id, err_maj, err_min, err_ang, j_m, j_cmsig, j_msigcom, j_snr, h_m, h_cmsig, h_msigcom, h_snr, k_m,
    k_cmsig, k_msigcom, k_snr, ph_qual, rd_flg, bl_flg, cc_flg, ndet, mp_flg, hemis, date, scan, glon, glat, x_scan,
    jdate, j_psfchi, h_psfchi, k_psfchi, j_m_stdap, j_msig_stdap, h_m_stdap, h_msig_stdap, k_m_stdap, k_msig_stdap,
    dist_edge_ns, dist_edge_ew, dist_edge_flg, scan_key, coadd_key, coadd
FROM wsdb.point_source;
COMMENT ON VIEW release.psc_measurement IS 'What a release copies from wsdb.point_source, in the order of release.psc_entry';

GRANT SELECT ON release.psc_entry, release.psc_measurement
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT INSERT ON release.psc_entry TO mapps_owner, mapps_operator;

DROP VIEW IF EXISTS release.xsc_entry;
CREATE VIEW release.xsc_entry AS
SELECT
    release_id, ext_key, designation, dup_src, use_src, ra, decl, run_id, ext_id, src_id, coadd_key, scan_key, x_scan,
    r_3sig, j_ba, j_phi, j_m_5, j_msig_5, j_m_7, j_msig_7, j_m_10, j_msig_10, j_m_15, j_msig_15, j_m_20, j_msig_20,
    j_m_25, j_msig_25, j_m_30, j_msig_30, j_m_40, j_msig_40, j_m_50, j_msig_50, j_m_60, j_msig_60, j_m_70, j_msig_70,
    h_ba, h_phi, h_m_5, h_msig_5, h_m_7, h_msig_7, h_m_10, h_msig_10, h_m_15, h_msig_15, h_m_20, h_msig_20, h_m_25,
    h_msig_25, h_m_30, h_msig_30, h_m_40, h_msig_40, h_m_50, h_msig_50, h_m_60, h_msig_60, h_m_70, h_msig_70, k_ba,
    k_phi, k_m_5, k_msig_5, k_m_7, k_msig_7, k_m_10, k_msig_10, k_m_15, k_msig_15, k_m_20, k_msig_20, k_m_25, k_msig_25,
    k_m_30, k_msig_30, k_m_40, k_msig_40, k_m_50, k_msig_50, k_m_60, k_msig_60, k_m_70, k_msig_70, coadd
FROM release.xsc;
COMMENT ON VIEW release.xsc_entry IS 'release.xsc: first what a release gives, then what it copies; for INSERT';

DROP VIEW IF EXISTS release.xsc_measurement;
CREATE VIEW release.xsc_measurement AS
SELECT
    run_id, ext_id, src_id, coadd_key, scan_key, x_scan, r_3sig, j_ba, j_phi, j_m_5, j_msig_5, j_m_7, j_msig_7, j_m_10,
    j_msig_10, j_m_15, j_msig_15, j_m_20, j_msig_20, j_m_25, j_msig_25, j_m_30, j_msig_30, j_m_40, j_msig_40, j_m_50,
    j_msig_50, j_m_60, j_msig_60, j_m_70, j_msig_70, h_ba, h_phi, h_m_5, h_msig_5, h_m_7, h_msig_7, h_m_10, h_msig_10,
    h_m_15, h_msig_15, h_m_20, h_msig_20, h_m_25, h_msig_25, h_m_30, h_msig_30, h_m_40, h_msig_40, h_m_50, h_msig_50,
    h_m_60, h_msig_60, h_m_70, h_msig_70, k_ba, k_phi, k_m_5, k_msig_5, k_m_7, k_msig_7, k_m_10, k_msig_10, k_m_15,
    k_msig_15, k_m_20, k_msig_20, k_m_25, k_msig_25, k_m_30, k_msig_30, k_m_40, k_msig_40, k_m_50, k_msig_50, k_m_60,
    k_msig_60, k_m_70, k_msig_70, coadd
FROM wsdb.extended_source;
COMMENT ON VIEW release.xsc_measurement IS 'What a release copies from wsdb.extended_source, in the order of release.xsc_entry';

GRANT SELECT ON release.xsc_entry, release.xsc_measurement
    TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT INSERT ON release.xsc_entry TO mapps_owner, mapps_operator;

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
