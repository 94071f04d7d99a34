-- Atlas images of a release in the order of their keys, with the solution that their zero points are from; none where the
-- release has no solution of the night, or the solution has nothing of the scan's band.
SELECT a.coadd_key, a.band, a.url, a.sha256, a.zero_point_mag, a.zero_point_error_mag,
       CASE WHEN z.scan_key IS NOT NULL THEN s.content_hash END AS solution
FROM release.atlas AS a
JOIN survey.scan AS v ON v.scan_key = a.scan_key
LEFT JOIN release.solution AS s
    ON s.release_id = a.release_id AND s.run_id = a.run_id AND s.night_id = v.night_id
LEFT JOIN calibration.scan_zero_point AS z
    ON z.solution_id = s.solution_id AND z.scan_key = a.scan_key AND z.band = a.band
WHERE a.release_id = %(release_id)s
ORDER BY a.coadd_key, a.band
