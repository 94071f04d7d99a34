-- The Point Source Catalogue: the 60 published columns in their order, sorted along the sky. Measurements are those of the
-- extraction, unchanged; position, name, keys, neighbour and flags come from the statements before.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/70_point_sources.sql

WITH extended AS (
    SELECT run_id, src_id, min(ext_key) AS ext_key
    FROM release.xsc
    WHERE release_id = release.current_id() AND src_id IS NOT NULL
    GROUP BY run_id, src_id
)
INSERT INTO release.psc (
    release_id, run_id, src_id,
    ra, decl, err_maj, err_min, err_ang, designation, j_m, j_cmsig, j_msigcom, j_snr, h_m, h_cmsig, h_msigcom, h_snr,
    k_m, k_cmsig, k_msigcom, k_snr, ph_qual, rd_flg, bl_flg, cc_flg, ndet, prox, pxpa, pxcntr, gal_contam, mp_flg,
    pts_key, hemis, date, scan, glon, glat, x_scan, jdate, j_psfchi, h_psfchi, k_psfchi, j_m_stdap, j_msig_stdap,
    h_m_stdap, h_msig_stdap, k_m_stdap, k_msig_stdap, dist_edge_ns, dist_edge_ew, dist_edge_flg, dup_src, use_src, a,
    dist_opt, phi_opt, b_m_opt, vr_m_opt, nopt_mchs, ext_key, scan_key, coadd_key, coadd
)
SELECT
    release.current_id(), m.run_id, m.src_id,
    m.ra, m.decl, p.err_maj, p.err_min, p.err_ang, m.designation, p.j_m, p.j_cmsig, p.j_msigcom, p.j_snr, p.h_m,
    p.h_cmsig, p.h_msigcom, p.h_snr, p.k_m, p.k_cmsig, p.k_msigcom, p.k_snr, p.ph_qual, p.rd_flg, p.bl_flg, p.cc_flg,
    p.ndet, n.prox, release.position_angle(m.ra, m.decl, b.ra, b.decl), n.pxcntr, coalesce(g.gal_contam, 0), p.mp_flg,
    m.pts_key, p.hemis, p.date, p.scan, p.glon, p.glat, p.x_scan, p.jdate, p.j_psfchi, p.h_psfchi, p.k_psfchi,
    p.j_m_stdap, p.j_msig_stdap, p.h_m_stdap, p.h_msig_stdap, p.k_m_stdap, p.k_msig_stdap, p.dist_edge_ns,
    p.dist_edge_ew, p.dist_edge_flg, m.dup_src, m.use_src, p.a, p.dist_opt, p.phi_opt, p.b_m_opt, p.vr_m_opt,
    p.nopt_mchs, x.ext_key, p.scan_key, p.coadd_key, p.coadd
FROM release.parent_run AS r
-- OFFSET 0 keeps the join as written: run after run, so that partitions of other runs are never opened.
CROSS JOIN LATERAL (SELECT * FROM wsdb.point_source AS q WHERE q.run_id = r.run_id OFFSET 0) AS p
JOIN release.work_member AS m ON m.run_id = p.run_id AND m.src_id = p.src_id
LEFT JOIN release.work_neighbour AS n ON n.pts_key = m.pts_key
LEFT JOIN release.work_member AS b ON b.pts_key = n.pxcntr
LEFT JOIN release.work_contamination AS g ON g.pts_key = m.pts_key
LEFT JOIN extended AS x ON x.run_id = m.run_id AND x.src_id = m.src_id
WHERE r.release_id = release.current_id()
ORDER BY m.pts_key;

SELECT release.analyze('psc');

SELECT count(*) AS rows FROM release.psc WHERE release_id = release.current_id();
