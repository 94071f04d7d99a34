-- Median noise of a release's images by band, as flux of which 1 is magnitude 20: all its tiles are stretched alike.
SELECT trim(a.band) AS band,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY i.sky_sigma_dn * power(10.0, -0.4 * (a.zero_point_mag - 20.0))) AS noise
FROM release.atlas AS a
JOIN wsdb.atlas_measurement AS i
    ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.band = a.band AND i.coadd_key = a.coadd_key
WHERE a.release_id = %(release_id)s AND i.sky_sigma_dn > 0
GROUP BY a.band
