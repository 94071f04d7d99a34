-- Images of a release with their files, calibrated zero points and noise: what its tiles are made of. With a place, only
-- those whose middle lies within an angle of it.
SELECT a.coadd_key, trim(a.band) AS band, a.url, a.sha256, a.zero_point_mag, i.sky_sigma_dn, a.ra, a.decl
FROM release.atlas AS a
LEFT JOIN wsdb.atlas_measurement AS i
    ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.band = a.band AND i.coadd_key = a.coadd_key
WHERE a.release_id = %(release_id)s
  AND (%(ra)s::double precision IS NULL
       OR sind(a.decl) * sind(%(decl)s) + cosd(a.decl) * cosd(%(decl)s) * cosd(a.ra - %(ra)s) > cosd(%(radius)s))
ORDER BY a.coadd_key, a.run_id, a.band
