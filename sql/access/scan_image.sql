-- The bands of an image of a scan in a run: files, zero points, seeing and sky.
SELECT i.run_id, i.coadd_key, trim(i.band) AS band, i.url, i.sha256, i.zero_point_mag, i.zero_point_error_mag, i.seeing_shape,
       i.sky_dn, i.sky_sigma_dn, i.width_pix, i.height_pix, i.ra, i.decl
FROM wsdb.atlas_measurement AS i
JOIN production.attempt AS a ON a.attempt_id = i.attempt_id AND a.accepted
JOIN production.run AS r ON r.run_id = i.run_id
WHERE r.name = %(run)s AND i.scan_key = %(scan_key)s AND i.number = %(number)s
ORDER BY position(i.band IN 'jhk')
