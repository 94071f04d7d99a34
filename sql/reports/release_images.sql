-- Atlas images of a release in the order of their keys, with the solution that their zero points are from; none where the
-- release has no solution of the night, or the solution has nothing of the scan's band. Then what the astrometric solution that
-- the release names makes of the middle of the image.
SELECT a.coadd_key, a.band, a.url, a.sha256, a.zero_point_mag, a.zero_point_error_mag,
       CASE WHEN z.scan_key IS NOT NULL THEN s.content_hash END AS solution,
       places.content_hash AS astrometry, ARRAY[i.ra, i.decl] AS measured_deg,
       calibration.place_by(i.ra, i.decl, places.astrometry_id, i.scan_key, i.attempt_id) AS solved_deg,
       calibration.growth_by(i.ra, i.decl, places.astrometry_id, i.scan_key, i.attempt_id) AS growth
FROM release.atlas AS a
JOIN survey.scan AS v ON v.scan_key = a.scan_key
LEFT JOIN release.solution AS s
    ON s.release_id = a.release_id AND s.run_id = a.run_id AND s.night_id = v.night_id
LEFT JOIN calibration.scan_zero_point AS z
    ON z.solution_id = s.solution_id AND z.scan_key = a.scan_key AND z.band = a.band
LEFT JOIN release.astrometry AS places
    ON places.release_id = a.release_id AND places.run_id = a.run_id AND places.night_id = v.night_id
LEFT JOIN wsdb.atlas_measurement AS i
    ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.band = a.band AND i.coadd_key = a.coadd_key
WHERE a.release_id = %(release_id)s
ORDER BY a.coadd_key, a.band
