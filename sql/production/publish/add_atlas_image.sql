-- One image that the attempt made or measured.
INSERT INTO wsdb.atlas_measurement (coadd_key, run_id, attempt_id, scan_key, band, number, ra, decl, footprint, width_pix,
                              height_pix, url, sha256, zero_point_mag, zero_point_error_mag, seeing_shape, sky_dn,
                              sky_sigma_dn, raw_file_id)
VALUES (%(coadd_key)s, %(run_id)s, %(attempt_id)s, %(scan_key)s, %(band)s, %(number)s, %(ra)s, %(decl)s,
        %(footprint)s::spoly, %(width_pix)s, %(height_pix)s, %(url)s, %(sha256)s, %(zero_point_mag)s,
        %(zero_point_error_mag)s, %(seeing_shape)s, %(sky_dn)s, %(sky_sigma_dn)s, %(raw_file_id)s)
