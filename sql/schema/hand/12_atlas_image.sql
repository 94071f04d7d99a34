-- wsdb.atlas_image: what a person asks for Atlas images. The rows are those of wsdb.atlas_measurement.
CREATE OR REPLACE VIEW wsdb.atlas_image AS
SELECT
    i.image_id, i.coadd_key, i.run_id, i.attempt_id, i.scan_key, i.band, i.number, i.ra, i.decl, i.footprint, i.width_pix,
    i.height_pix, i.url, i.sha256, i.zero_point_mag, i.zero_point_error_mag, i.seeing_shape, i.sky_dn, i.sky_sigma_dn,
    i.raw_file_id
FROM wsdb.atlas_measurement AS i;
COMMENT ON VIEW wsdb.atlas_image IS 'Atlas images that a run made, or measured where they were its input';
