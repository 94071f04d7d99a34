-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- What people query is calibrated: rows of the tables through the solution that their night has adopted. A
-- query of a view is planned as if it had been written with the joins: it uses the indexes of the table.

CREATE OR REPLACE VIEW wsdb.point_source AS
SELECT
    p.src_id, p.attempt_id,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.ra + (s.east_deg[((p.decl - s.first_deg) / s.segment_deg)::integer] + s.east_slope[((p.decl - s.first_deg) / s.segment_deg)::integer] * p.decl) / cosd(p.decl)
                + (p.ra - s.middle_ra_deg) * s.north_slope[((p.decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.ra, p.decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[1],
                (calibration.place_beyond(p.ra, p.decl, p.attempt_id))[1]
            ) ELSE p.ra END AS ra,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.decl + s.north_deg[((p.decl - s.first_deg) / s.segment_deg)::integer] + s.north_slope[((p.decl - s.first_deg) / s.segment_deg)::integer] * p.decl
                - (p.ra - s.middle_ra_deg) * cosd(p.decl) * s.east_slope[((p.decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.ra, p.decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[2],
                (calibration.place_beyond(p.ra, p.decl, p.attempt_id))[2]
            ) ELSE p.decl END AS decl,
    p.jdate,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.j_ra + (s.east_deg[((p.j_decl - s.first_deg) / s.segment_deg)::integer] + s.east_slope[((p.j_decl - s.first_deg) / s.segment_deg)::integer] * p.j_decl) / cosd(p.j_decl)
                + (p.j_ra - s.middle_ra_deg) * s.north_slope[((p.j_decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.j_ra, p.j_decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[1],
                (calibration.place_beyond(p.j_ra, p.j_decl, p.attempt_id))[1]
            ) ELSE p.j_ra END AS j_ra,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.j_decl + s.north_deg[((p.j_decl - s.first_deg) / s.segment_deg)::integer] + s.north_slope[((p.j_decl - s.first_deg) / s.segment_deg)::integer] * p.j_decl
                - (p.j_ra - s.middle_ra_deg) * cosd(p.j_decl) * s.east_slope[((p.j_decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.j_ra, p.j_decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[2],
                (calibration.place_beyond(p.j_ra, p.j_decl, p.attempt_id))[2]
            ) ELSE p.j_decl END AS j_decl,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.h_ra + (s.east_deg[((p.h_decl - s.first_deg) / s.segment_deg)::integer] + s.east_slope[((p.h_decl - s.first_deg) / s.segment_deg)::integer] * p.h_decl) / cosd(p.h_decl)
                + (p.h_ra - s.middle_ra_deg) * s.north_slope[((p.h_decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.h_ra, p.h_decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[1],
                (calibration.place_beyond(p.h_ra, p.h_decl, p.attempt_id))[1]
            ) ELSE p.h_ra END AS h_ra,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.h_decl + s.north_deg[((p.h_decl - s.first_deg) / s.segment_deg)::integer] + s.north_slope[((p.h_decl - s.first_deg) / s.segment_deg)::integer] * p.h_decl
                - (p.h_ra - s.middle_ra_deg) * cosd(p.h_decl) * s.east_slope[((p.h_decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.h_ra, p.h_decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[2],
                (calibration.place_beyond(p.h_ra, p.h_decl, p.attempt_id))[2]
            ) ELSE p.h_decl END AS h_decl,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.k_ra + (s.east_deg[((p.k_decl - s.first_deg) / s.segment_deg)::integer] + s.east_slope[((p.k_decl - s.first_deg) / s.segment_deg)::integer] * p.k_decl) / cosd(p.k_decl)
                + (p.k_ra - s.middle_ra_deg) * s.north_slope[((p.k_decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.k_ra, p.k_decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[1],
                (calibration.place_beyond(p.k_ra, p.k_decl, p.attempt_id))[1]
            ) ELSE p.k_ra END AS k_ra,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.k_decl + s.north_deg[((p.k_decl - s.first_deg) / s.segment_deg)::integer] + s.north_slope[((p.k_decl - s.first_deg) / s.segment_deg)::integer] * p.k_decl
                - (p.k_ra - s.middle_ra_deg) * cosd(p.k_decl) * s.east_slope[((p.k_decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.k_ra, p.k_decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[2],
                (calibration.place_beyond(p.k_ra, p.k_decl, p.attempt_id))[2]
            ) ELSE p.k_decl END AS k_decl,
    p.coadd_key, p.run_id, p.scan_key, p.id, p.dist_edge_ns, p.dist_edge_ew, p.ext_key, p.pts_key, p.pxcntr, p.date,
    coalesce(sqrt(p.err_maj::double precision * p.err_maj + power(CASE WHEN s.attempt_id = p.attempt_id THEN s.error_arcsec[greatest(1, least(cardinality(s.error_arcsec), ((p.decl - s.first_deg) / s.segment_deg)::integer))] END, 2))::real, p.err_maj) AS err_maj,
    coalesce(sqrt(p.err_min::double precision * p.err_min + power(CASE WHEN s.attempt_id = p.attempt_id THEN s.error_arcsec[greatest(1, least(cardinality(s.error_arcsec), ((p.decl - s.first_deg) / s.segment_deg)::integer))] END, 2))::real, p.err_min) AS err_min,
    p.glon, p.glat, p.x_scan, p.y_scan, p.prox, p.dist_opt, p.b_m_opt, p.vr_m_opt,
    coalesce((p.j_m + s.j_centre_mag + p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag))::real, p.j_m) AS j_m,
    p.j_msig, p.j_cmsig,
    CASE WHEN p.j_msigcom >= 0.1::real AND s.j_error_mag IS NOT NULL
        THEN sqrt(p.j_msigcom::double precision * p.j_msigcom - 0.01 + s.j_error_mag * s.j_error_mag)::real
        ELSE p.j_msigcom END AS j_msigcom,
    p.j_snr, p.j_psfchi,
    coalesce((p.j_m_psf + s.j_centre_mag + p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag))::real, p.j_m_psf) AS j_m_psf,
    p.j_msig_psf,
    coalesce((p.j_m_stdap + s.j_centre_mag + p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag))::real, p.j_m_stdap) AS j_m_stdap,
    p.j_msig_stdap, p.j_growth, p.j_blend_cor,
    coalesce((p.j_m_r1 + s.j_centre_mag + p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag))::real, p.j_m_r1) AS j_m_r1,
    p.j_msig_r1, p.j_sky_dn,
    coalesce((p.h_m + s.h_centre_mag + p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag))::real, p.h_m) AS h_m,
    p.h_msig, p.h_cmsig,
    CASE WHEN p.h_msigcom >= 0.1::real AND s.h_error_mag IS NOT NULL
        THEN sqrt(p.h_msigcom::double precision * p.h_msigcom - 0.01 + s.h_error_mag * s.h_error_mag)::real
        ELSE p.h_msigcom END AS h_msigcom,
    p.h_snr, p.h_psfchi,
    coalesce((p.h_m_psf + s.h_centre_mag + p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag))::real, p.h_m_psf) AS h_m_psf,
    p.h_msig_psf,
    coalesce((p.h_m_stdap + s.h_centre_mag + p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag))::real, p.h_m_stdap) AS h_m_stdap,
    p.h_msig_stdap, p.h_growth, p.h_blend_cor,
    coalesce((p.h_m_r1 + s.h_centre_mag + p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag))::real, p.h_m_r1) AS h_m_r1,
    p.h_msig_r1, p.h_sky_dn,
    coalesce((p.k_m + s.k_centre_mag + p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag))::real, p.k_m) AS k_m,
    p.k_msig, p.k_cmsig,
    CASE WHEN p.k_msigcom >= 0.1::real AND s.k_error_mag IS NOT NULL
        THEN sqrt(p.k_msigcom::double precision * p.k_msigcom - 0.01 + s.k_error_mag * s.k_error_mag)::real
        ELSE p.k_msigcom END AS k_msigcom,
    p.k_snr, p.k_psfchi,
    coalesce((p.k_m_psf + s.k_centre_mag + p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag))::real, p.k_m_psf) AS k_m_psf,
    p.k_msig_psf,
    coalesce((p.k_m_stdap + s.k_centre_mag + p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag))::real, p.k_m_stdap) AS k_m_stdap,
    p.k_msig_stdap, p.k_growth, p.k_blend_cor,
    coalesce((p.k_m_r1 + s.k_centre_mag + p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag))::real, p.k_m_r1) AS k_m_r1,
    p.k_msig_r1, p.k_sky_dn, p.blend_fall, p.blend_id, p.blend_part, p.scan, p.coadd, p.err_ang, p.pxpa, p.gal_contam,
    p.mp_flg, p.dup_src, p.use_src, p.phi_opt, p.nopt_mchs, p.designation, p.ph_qual, p.rd_flg, p.bl_flg, p.cc_flg,
    p.ndet, p.cnf_flg, p.hemis, p.dist_edge_flg, p.a, s.solution_id,
    s.j_error_mag AS j_zero_point_error_mag,
    s.h_error_mag AS h_zero_point_error_mag,
    s.k_error_mag AS k_zero_point_error_mag,
    p.ra AS measured_ra,
    p.decl AS measured_decl,
    CASE WHEN s.attempt_id = p.attempt_id THEN s.astrometry_id END AS astrometry_id,
    CASE WHEN s.attempt_id = p.attempt_id THEN s.error_arcsec[greatest(1, least(cardinality(s.error_arcsec), ((p.decl - s.first_deg) / s.segment_deg)::integer))] END::real AS place_error_arcsec
FROM wsdb.point_measurement AS p
LEFT JOIN calibration.adopted_scan AS s ON s.run_id = p.run_id AND s.scan_key = p.scan_key;
COMMENT ON VIEW wsdb.point_source IS
    'Point-source extractions of every run, through the solutions, photometric and astrometric, that the night has adopted';
COMMENT ON COLUMN wsdb.point_source.solution_id IS
    'Solution (calibration.solution). Null: no adopted one has the scan: nominal magnitudes';
COMMENT ON COLUMN wsdb.point_source.j_zero_point_error_mag IS
    'J error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.point_source.h_zero_point_error_mag IS
    'H error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.point_source.k_zero_point_error_mag IS
    'Ks error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.point_source.measured_ra IS
    'Right ascension as registered, ICRS degrees: what indexes are of';
COMMENT ON COLUMN wsdb.point_source.measured_decl IS
    'Declination as registered, ICRS degrees';
COMMENT ON COLUMN wsdb.point_source.astrometry_id IS
    'Astrometric solution (calibration.astrometry). Null: no adopted one has the row: its place is as registered';
COMMENT ON COLUMN wsdb.point_source.place_error_arcsec IS
    'Error of one coordinate of the offset of the place [arcsec]. Null: no solution has the row';

CREATE OR REPLACE VIEW wsdb.extended_source AS
SELECT
    p.ext_id, p.attempt_id, p.src_id,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.ra + (s.east_deg[((p.decl - s.first_deg) / s.segment_deg)::integer] + s.east_slope[((p.decl - s.first_deg) / s.segment_deg)::integer] * p.decl) / cosd(p.decl)
                + (p.ra - s.middle_ra_deg) * s.north_slope[((p.decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.ra, p.decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[1],
                (calibration.place_beyond(p.ra, p.decl, p.attempt_id))[1]
            ) ELSE p.ra END AS ra,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.decl + s.north_deg[((p.decl - s.first_deg) / s.segment_deg)::integer] + s.north_slope[((p.decl - s.first_deg) / s.segment_deg)::integer] * p.decl
                - (p.ra - s.middle_ra_deg) * cosd(p.decl) * s.east_slope[((p.decl - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.ra, p.decl, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[2],
                (calibration.place_beyond(p.ra, p.decl, p.attempt_id))[2]
            ) ELSE p.decl END AS decl,
    p.coadd_key,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.sup_ra + (s.east_deg[((p.sup_dec - s.first_deg) / s.segment_deg)::integer] + s.east_slope[((p.sup_dec - s.first_deg) / s.segment_deg)::integer] * p.sup_dec) / cosd(p.sup_dec)
                + (p.sup_ra - s.middle_ra_deg) * s.north_slope[((p.sup_dec - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.sup_ra, p.sup_dec, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[1],
                (calibration.place_beyond(p.sup_ra, p.sup_dec, p.attempt_id))[1]
            ) ELSE p.sup_ra END AS sup_ra,
    CASE WHEN s.attempt_id = p.attempt_id THEN coalesce(
                p.sup_dec + s.north_deg[((p.sup_dec - s.first_deg) / s.segment_deg)::integer] + s.north_slope[((p.sup_dec - s.first_deg) / s.segment_deg)::integer] * p.sup_dec
                - (p.sup_ra - s.middle_ra_deg) * cosd(p.sup_dec) * s.east_slope[((p.sup_dec - s.first_deg) / s.segment_deg)::integer],
                (calibration.directed_place(p.sup_ra, p.sup_dec, s.ahead, s.to_the_right, s.start_rad, s.segment_rad, s.east_arcsec, s.north_arcsec))[2],
                (calibration.place_beyond(p.sup_ra, p.sup_dec, p.attempt_id))[2]
            ) ELSE p.sup_dec END AS sup_dec,
    p.jdate, p.run_id, p.scan_key, p.x_scan, p.r_3sig, p.j_ba, p.j_phi,
    coalesce((p.j_m_5 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_5) AS j_m_5,
    p.j_msig_5,
    coalesce((p.j_m_7 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_7) AS j_m_7,
    p.j_msig_7,
    coalesce((p.j_m_10 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_10) AS j_m_10,
    p.j_msig_10,
    coalesce((p.j_m_15 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_15) AS j_m_15,
    p.j_msig_15,
    coalesce((p.j_m_20 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_20) AS j_m_20,
    p.j_msig_20,
    coalesce((p.j_m_25 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_25) AS j_m_25,
    p.j_msig_25,
    coalesce((p.j_m_30 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_30) AS j_m_30,
    p.j_msig_30,
    coalesce((p.j_m_40 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_40) AS j_m_40,
    p.j_msig_40,
    coalesce((p.j_m_50 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_50) AS j_m_50,
    p.j_msig_50,
    coalesce((p.j_m_60 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_60) AS j_m_60,
    p.j_msig_60,
    coalesce((p.j_m_70 + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_70) AS j_m_70,
    p.j_msig_70, p.h_ba, p.h_phi,
    coalesce((p.h_m_5 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_5) AS h_m_5,
    p.h_msig_5,
    coalesce((p.h_m_7 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_7) AS h_m_7,
    p.h_msig_7,
    coalesce((p.h_m_10 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_10) AS h_m_10,
    p.h_msig_10,
    coalesce((p.h_m_15 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_15) AS h_m_15,
    p.h_msig_15,
    coalesce((p.h_m_20 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_20) AS h_m_20,
    p.h_msig_20,
    coalesce((p.h_m_25 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_25) AS h_m_25,
    p.h_msig_25,
    coalesce((p.h_m_30 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_30) AS h_m_30,
    p.h_msig_30,
    coalesce((p.h_m_40 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_40) AS h_m_40,
    p.h_msig_40,
    coalesce((p.h_m_50 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_50) AS h_m_50,
    p.h_msig_50,
    coalesce((p.h_m_60 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_60) AS h_m_60,
    p.h_msig_60,
    coalesce((p.h_m_70 + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_70) AS h_m_70,
    p.h_msig_70, p.k_ba, p.k_phi,
    coalesce((p.k_m_5 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_5) AS k_m_5,
    p.k_msig_5,
    coalesce((p.k_m_7 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_7) AS k_m_7,
    p.k_msig_7,
    coalesce((p.k_m_10 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_10) AS k_m_10,
    p.k_msig_10,
    coalesce((p.k_m_15 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_15) AS k_m_15,
    p.k_msig_15,
    coalesce((p.k_m_20 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_20) AS k_m_20,
    p.k_msig_20,
    coalesce((p.k_m_25 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_25) AS k_m_25,
    p.k_msig_25,
    coalesce((p.k_m_30 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_30) AS k_m_30,
    p.k_msig_30,
    coalesce((p.k_m_40 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_40) AS k_m_40,
    p.k_msig_40,
    coalesce((p.k_m_50 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_50) AS k_m_50,
    p.k_msig_50,
    coalesce((p.k_m_60 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_60) AS k_m_60,
    p.k_msig_60,
    coalesce((p.k_m_70 + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_70) AS k_m_70,
    p.k_msig_70, p.x_coadd, p.y_coadd, p.sup_r_3sig, p.sup_ba, p.sup_ba_err, p.sup_phi, p.sersic_n, p.sersic_n_err,
    p.r_ext, p.r_k20fe, p.r_k20fc, p.r_j21fe, p.r_j21fc, p.r_fe, p.r_fc,
    coalesce((p.j_m_ext + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_ext) AS j_m_ext,
    p.j_msig_ext, p.j_pchi, p.j_r_eff,
    coalesce((p.j_mnsurfb_eff + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_mnsurfb_eff) AS j_mnsurfb_eff,
    p.j_con_indx,
    coalesce((p.j_peak + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_peak) AS j_peak,
    coalesce((p.j_5surf + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_5surf) AS j_5surf,
    p.j_5sig_ba, p.j_5sig_phi, p.j_back, p.j_resid_ann, p.j_r_i20e, p.j_r_i20c, p.j_r_i21e, p.j_r_i21c, p.j_r_e, p.j_r_c,
    coalesce((p.j_m_k20fe + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_k20fe) AS j_m_k20fe,
    p.j_msig_k20fe,
    coalesce((p.j_m_k20fc + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_k20fc) AS j_m_k20fc,
    p.j_msig_k20fc,
    coalesce((p.j_m_j21fe + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_j21fe) AS j_m_j21fe,
    p.j_msig_j21fe,
    coalesce((p.j_m_j21fc + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_j21fc) AS j_m_j21fc,
    p.j_msig_j21fc,
    coalesce((p.j_m_fe + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_fe) AS j_m_fe,
    p.j_msig_fe,
    coalesce((p.j_m_fc + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_fc) AS j_m_fc,
    p.j_msig_fc,
    coalesce((p.j_m_i20e + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_i20e) AS j_m_i20e,
    p.j_msig_i20e,
    coalesce((p.j_m_i20c + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_i20c) AS j_m_i20c,
    p.j_msig_i20c,
    coalesce((p.j_m_i21e + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_i21e) AS j_m_i21e,
    p.j_msig_i21e,
    coalesce((p.j_m_i21c + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_i21c) AS j_m_i21c,
    p.j_msig_i21c,
    coalesce((p.j_m_e + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_e) AS j_m_e,
    p.j_msig_e,
    coalesce((p.j_m_c + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_c) AS j_m_c,
    p.j_msig_c,
    coalesce((p.h_m_ext + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_ext) AS h_m_ext,
    p.h_msig_ext, p.h_pchi, p.h_r_eff,
    coalesce((p.h_mnsurfb_eff + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_mnsurfb_eff) AS h_mnsurfb_eff,
    p.h_con_indx,
    coalesce((p.h_peak + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_peak) AS h_peak,
    coalesce((p.h_5surf + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_5surf) AS h_5surf,
    p.h_5sig_ba, p.h_5sig_phi, p.h_back, p.h_resid_ann, p.h_r_i20e, p.h_r_i20c, p.h_r_i21e, p.h_r_i21c, p.h_r_e, p.h_r_c,
    coalesce((p.h_m_k20fe + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_k20fe) AS h_m_k20fe,
    p.h_msig_k20fe,
    coalesce((p.h_m_k20fc + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_k20fc) AS h_m_k20fc,
    p.h_msig_k20fc,
    coalesce((p.h_m_j21fe + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_j21fe) AS h_m_j21fe,
    p.h_msig_j21fe,
    coalesce((p.h_m_j21fc + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_j21fc) AS h_m_j21fc,
    p.h_msig_j21fc,
    coalesce((p.h_m_fe + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_fe) AS h_m_fe,
    p.h_msig_fe,
    coalesce((p.h_m_fc + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_fc) AS h_m_fc,
    p.h_msig_fc,
    coalesce((p.h_m_i20e + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_i20e) AS h_m_i20e,
    p.h_msig_i20e,
    coalesce((p.h_m_i20c + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_i20c) AS h_m_i20c,
    p.h_msig_i20c,
    coalesce((p.h_m_i21e + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_i21e) AS h_m_i21e,
    p.h_msig_i21e,
    coalesce((p.h_m_i21c + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_i21c) AS h_m_i21c,
    p.h_msig_i21c,
    coalesce((p.h_m_e + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_e) AS h_m_e,
    p.h_msig_e,
    coalesce((p.h_m_c + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_c) AS h_m_c,
    p.h_msig_c,
    coalesce((p.k_m_ext + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_ext) AS k_m_ext,
    p.k_msig_ext, p.k_pchi, p.k_r_eff,
    coalesce((p.k_mnsurfb_eff + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_mnsurfb_eff) AS k_mnsurfb_eff,
    p.k_con_indx,
    coalesce((p.k_peak + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_peak) AS k_peak,
    coalesce((p.k_5surf + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_5surf) AS k_5surf,
    p.k_5sig_ba, p.k_5sig_phi, p.k_back, p.k_resid_ann, p.k_r_i20e, p.k_r_i20c, p.k_r_i21e, p.k_r_i21c, p.k_r_e, p.k_r_c,
    coalesce((p.k_m_k20fe + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_k20fe) AS k_m_k20fe,
    p.k_msig_k20fe,
    coalesce((p.k_m_k20fc + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_k20fc) AS k_m_k20fc,
    p.k_msig_k20fc,
    coalesce((p.k_m_j21fe + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_j21fe) AS k_m_j21fe,
    p.k_msig_j21fe,
    coalesce((p.k_m_j21fc + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_j21fc) AS k_m_j21fc,
    p.k_msig_j21fc,
    coalesce((p.k_m_fe + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_fe) AS k_m_fe,
    p.k_msig_fe,
    coalesce((p.k_m_fc + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_fc) AS k_m_fc,
    p.k_msig_fc,
    coalesce((p.k_m_i20e + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_i20e) AS k_m_i20e,
    p.k_msig_i20e,
    coalesce((p.k_m_i20c + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_i20c) AS k_m_i20c,
    p.k_msig_i20c,
    coalesce((p.k_m_i21e + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_i21e) AS k_m_i21e,
    p.k_msig_i21e,
    coalesce((p.k_m_i21c + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_i21c) AS k_m_i21c,
    p.k_msig_i21c,
    coalesce((p.k_m_e + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_e) AS k_m_e,
    p.k_msig_e,
    coalesce((p.k_m_c + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_c) AS k_m_c,
    p.k_msig_c,
    coalesce((p.j_m_sys + s.j_centre_mag + coalesce(p.x_scan * (s.j_slope_mag + p.x_scan * s.j_curvature_mag), s.j_curvature_mag * 65536 / 3))::real, p.j_m_sys) AS j_m_sys,
    p.j_msig_sys, p.j_d_area, p.j_perc_darea, p.j_bisym_rat, p.j_bisym_chi,
    coalesce((p.h_m_sys + s.h_centre_mag + coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3))::real, p.h_m_sys) AS h_m_sys,
    p.h_msig_sys, p.h_d_area, p.h_perc_darea, p.h_bisym_rat, p.h_bisym_chi,
    coalesce((p.k_m_sys + s.k_centre_mag + coalesce(p.x_scan * (s.k_slope_mag + p.x_scan * s.k_curvature_mag), s.k_curvature_mag * 65536 / 3))::real, p.k_m_sys) AS k_m_sys,
    p.k_msig_sys, p.k_d_area, p.k_perc_darea, p.k_bisym_rat, p.k_bisym_chi, p.e_score, p.g_score, p.id, p.date, p.glon,
    p.glat, p.density, p.dist_edge_ns, p.dist_edge_ew, p.night_key, p.j_sh0, p.j_sig_sh0, p.h_sh0, p.h_sig_sh0, p.k_sh0,
    p.k_sig_sh0, p.j_chif_ellf, p.k_chif_ellf, p.sup_chif_ellf, p.prox, p.pxpa, p.pxcntr, p.mp_key, p.j_sc_mxdn,
    p.j_sc_sh, p.j_sc_wsh, p.j_sc_r23, p.j_sc_1mm, p.j_sc_2mm, p.j_sc_vint, p.j_sc_r1, p.j_sc_msh, p.j_subst2,
    p.j_bndg_per, p.j_bndg_amp, p.j_seetrack, p.h_sc_mxdn, p.h_sc_sh, p.h_sc_wsh, p.h_sc_r23, p.h_sc_1mm, p.h_sc_2mm,
    p.h_sc_vint, p.h_sc_r1, p.h_sc_msh, p.h_subst2, p.h_bndg_per, p.h_bndg_amp, p.h_seetrack, p.k_sc_mxdn, p.k_sc_sh,
    p.k_sc_wsh, p.k_sc_r23, p.k_sc_1mm, p.k_sc_2mm, p.k_sc_vint, p.k_sc_r1, p.k_sc_msh, p.k_subst2, p.k_bndg_per,
    p.k_bndg_amp, p.k_seetrack, p.j_flg_5, p.j_flg_7, p.j_flg_10, p.j_flg_15, p.j_flg_20, p.j_flg_25, p.j_flg_30,
    p.j_flg_40, p.j_flg_50, p.j_flg_60, p.j_flg_70, p.h_flg_5, p.h_flg_7, p.h_flg_10, p.h_flg_15, p.h_flg_20,
    p.h_flg_25, p.h_flg_30, p.h_flg_40, p.h_flg_50, p.h_flg_60, p.h_flg_70, p.k_flg_5, p.k_flg_7, p.k_flg_10,
    p.k_flg_15, p.k_flg_20, p.k_flg_25, p.k_flg_30, p.k_flg_40, p.k_flg_50, p.k_flg_60, p.k_flg_70, p.n_sub,
    p.j_flg_k20fe, p.j_flg_k20fc, p.j_flg_j21fe, p.j_flg_j21fc, p.j_flg_fe, p.j_flg_fc, p.j_flg_i20e, p.j_flg_i20c,
    p.j_flg_i21e, p.j_flg_i21c, p.j_flg_e, p.j_flg_c, p.h_flg_k20fe, p.h_flg_k20fc, p.h_flg_j21fe, p.h_flg_j21fc,
    p.h_flg_fe, p.h_flg_fc, p.h_flg_i20e, p.h_flg_i20c, p.h_flg_i21e, p.h_flg_i21c, p.h_flg_e, p.h_flg_c, p.k_flg_k20fe,
    p.k_flg_k20fc, p.k_flg_j21fe, p.k_flg_j21fc, p.k_flg_fe, p.k_flg_fc, p.k_flg_i20e, p.k_flg_i20c, p.k_flg_i21e,
    p.k_flg_i21c, p.k_flg_e, p.k_flg_c, p.sys_flg, p.scan, p.im_nx, p.vc, p.contam_flg, p.n_blank, p.ellfit_flg,
    p.bl_sub_flg, p.id_flg, p.blk_fac, p.coadd, p.hemis, p.dist_edge_flg, p.cc_flg, p.id_cat, p.fg_flg, s.solution_id,
    s.j_error_mag AS j_zero_point_error_mag,
    s.h_error_mag AS h_zero_point_error_mag,
    s.k_error_mag AS k_zero_point_error_mag,
    p.ra AS measured_ra,
    p.decl AS measured_decl,
    CASE WHEN s.attempt_id = p.attempt_id THEN s.astrometry_id END AS astrometry_id,
    CASE WHEN s.attempt_id = p.attempt_id THEN s.error_arcsec[greatest(1, least(cardinality(s.error_arcsec), ((p.decl - s.first_deg) / s.segment_deg)::integer))] END::real AS place_error_arcsec
FROM wsdb.extended_measurement AS p
LEFT JOIN calibration.adopted_scan AS s ON s.run_id = p.run_id AND s.scan_key = p.scan_key;
COMMENT ON VIEW wsdb.extended_source IS
    'Extended-source extractions of every run, through the solutions, photometric and astrometric, that the night has adopted';
COMMENT ON COLUMN wsdb.extended_source.solution_id IS
    'Solution (calibration.solution). Null: no adopted one has the scan: nominal magnitudes';
COMMENT ON COLUMN wsdb.extended_source.j_zero_point_error_mag IS
    'J error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.extended_source.h_zero_point_error_mag IS
    'H error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.extended_source.k_zero_point_error_mag IS
    'Ks error of the zero point [mag]. Null: no solution has the scan';
COMMENT ON COLUMN wsdb.extended_source.measured_ra IS
    'Right ascension as registered, ICRS degrees: what indexes are of';
COMMENT ON COLUMN wsdb.extended_source.measured_decl IS
    'Declination as registered, ICRS degrees';
COMMENT ON COLUMN wsdb.extended_source.astrometry_id IS
    'Astrometric solution (calibration.astrometry). Null: no adopted one has the row: its place is as registered';
COMMENT ON COLUMN wsdb.extended_source.place_error_arcsec IS
    'Error of one coordinate of the offset of the place [arcsec]. Null: no solution has the row';

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
