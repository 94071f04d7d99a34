-- What moves from one solution to another: scans and bands that both have, those of one only, and verdicts.
SELECT scan_key, n.date || n.hemis AS night, s.scan, band, a.offset_mag AS offset_a_mag, b.offset_mag AS offset_b_mag,
       b.offset_mag - a.offset_mag AS moved_mag, a.photometric AS photometric_a, b.photometric AS photometric_b
FROM (SELECT * FROM calibration.scan_zero_point WHERE solution_id = %(a)s) AS a
FULL JOIN (SELECT * FROM calibration.scan_zero_point WHERE solution_id = %(b)s) AS b USING (scan_key, band)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n USING (night_id)
ORDER BY scan_key, position(band IN 'jhk')
