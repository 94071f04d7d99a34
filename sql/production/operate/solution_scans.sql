-- Zero points and verdicts of a solution, a row a scan.
SELECT z.scan_key, n.date, n.hemis, s.scan, s.kind AS type, s.tile,
       max(z.offset_mag) FILTER (WHERE z.band = 'j') AS j_offset_mag,
       max(z.offset_mag) FILTER (WHERE z.band = 'h') AS h_offset_mag,
       max(z.offset_mag) FILTER (WHERE z.band = 'k') AS k_offset_mag,
       max(z.error_mag) AS error_mag, max(z.loss_mag) AS loss_mag, bool_and(z.photometric) AS photometric,
       bool_or(z.photometric) AS photometric_band,
       string_agg(DISTINCT z.reason, '; ' ORDER BY z.reason) AS reason
FROM calibration.scan_zero_point AS z
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE z.solution_id = %(solution_id)s
GROUP BY z.scan_key, n.date, n.hemis, s.scan, s.kind, s.tile
ORDER BY z.scan_key
