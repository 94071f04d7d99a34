-- wsdb.atlas_image: what a person asks for Atlas images. Zero point and error are those of the adopted photometric solution, the
-- middle is that of the astrometric one; the file keeps the nominal MAGZP and the registered middle that it was written with.
-- The flat across the scan adds nothing to the mean over an image, because 1/3 is taken off its square.
CREATE OR REPLACE VIEW wsdb.atlas_image AS
SELECT
    i.image_id, i.coadd_key, i.run_id, i.attempt_id, i.scan_key, i.band, i.number,
    (calibration.solved_place(i.ra, i.decl, g))[1] AS ra, (calibration.solved_place(i.ra, i.decl, g))[2] AS decl, i.footprint, i.width_pix,
    i.height_pix, i.url, i.sha256,
    coalesce(
        (i.zero_point_mag
         + CASE i.band
           WHEN 'j' THEN z.j_centre_mag + z.j_curvature_mag * 65536 / 3
           WHEN 'h' THEN z.h_centre_mag + z.h_curvature_mag * 65536 / 3
           ELSE z.k_centre_mag + z.k_curvature_mag * 65536 / 3 END)::real,
        i.zero_point_mag
    ) AS zero_point_mag,
    coalesce(
        (CASE i.band WHEN 'j' THEN z.j_error_mag WHEN 'h' THEN z.h_error_mag ELSE z.k_error_mag END)::real,
        i.zero_point_error_mag
    ) AS zero_point_error_mag,
    i.seeing_shape, i.sky_dn, i.sky_sigma_dn, i.raw_file_id, z.solution_id,
    i.ra AS measured_ra, i.decl AS measured_decl, g.astrometry_id
FROM wsdb.atlas_measurement AS i
LEFT JOIN calibration.adopted_zero_point AS z ON z.run_id = i.run_id AND z.scan_key = i.scan_key
LEFT JOIN calibration.adopted_place AS g ON g.attempt_id = i.attempt_id;
COMMENT ON VIEW wsdb.atlas_image IS
    'Atlas images that a run made or measured, with the zero points of the solution that the night of the run has adopted';
COMMENT ON COLUMN wsdb.atlas_image.solution_id IS
    'Photometric solution (calibration.solution). Null: no adopted one has the scan, zero points are nominal';
COMMENT ON COLUMN wsdb.atlas_image.measured_ra IS 'Right ascension of the middle as registered, ICRS degrees';
COMMENT ON COLUMN wsdb.atlas_image.measured_decl IS 'Declination of the middle as registered, ICRS degrees';
COMMENT ON COLUMN wsdb.atlas_image.astrometry_id IS
    'Astrometric solution (calibration.astrometry). Null: no adopted one has the scan, the middle is as registered';
