-- Postage stamps of a release in the order of their keys, with the calibrated zero points of their bands; see release_images.
SELECT p.ext_key, trim(x.designation) AS designation, p.url, p.sha256,
       array_agg(a.band::text ORDER BY a.band) AS bands, array_agg(a.zero_point_mag ORDER BY a.band) AS zero_points_mag,
       array_agg(a.zero_point_error_mag ORDER BY a.band) AS errors_mag,
       array_agg(CASE WHEN z.scan_key IS NOT NULL THEN trim(s.content_hash) END ORDER BY a.band) AS solutions
FROM release.stamp AS p
JOIN release.xsc AS x ON x.release_id = p.release_id AND x.ext_key = p.ext_key
JOIN release.atlas AS a ON a.release_id = p.release_id AND a.run_id = p.run_id AND a.coadd_key = p.coadd_key
JOIN survey.scan AS v ON v.scan_key = p.scan_key
LEFT JOIN release.solution AS s
    ON s.release_id = p.release_id AND s.run_id = p.run_id AND s.night_id = v.night_id
LEFT JOIN calibration.scan_zero_point AS z
    ON z.solution_id = s.solution_id AND z.scan_key = p.scan_key AND z.band = a.band
WHERE p.release_id = %(release_id)s
GROUP BY p.ext_key, x.designation, p.url, p.sha256
ORDER BY p.ext_key
