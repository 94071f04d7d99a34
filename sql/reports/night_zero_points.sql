-- Zero points of the scans of a night in a solution.
SELECT z.scan_key, trim(z.band) AS band, z.offset_mag, z.error_mag, z.loss_mag, z.photometric
FROM calibration.scan_zero_point AS z JOIN survey.scan AS v USING (scan_key)
WHERE z.solution_id = %(solution_id)s AND v.night_id = %(night_id)s
ORDER BY z.scan_key, z.band
