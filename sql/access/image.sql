-- An image of a release: its file, its calibrated zero point, its size.
SELECT r.name AS release, a.coadd_key, a.band, a.url, a.sha256, a.ra, a.decl, a.zero_point_mag, a.zero_point_error_mag,
       i.width_pix, i.height_pix
FROM release.atlas AS a
JOIN release.release AS r ON r.release_id = a.release_id AND r.state = 'published'
LEFT JOIN wsdb.atlas_measurement AS i
    ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.band = a.band AND i.coadd_key = a.coadd_key
WHERE catalogue.identifier(a.release_id) = %(release)s AND a.coadd_key = %(coadd_key)s AND a.band = %(band)s
