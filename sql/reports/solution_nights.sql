-- What a global solution says of each night, a row a night and band: mean zero point, error, verdicts, sets with their
-- residuals, and how far the night's own solution was from it.
WITH own AS (
    SELECT DISTINCT ON (s.night_id) s.night_id, s.solution_id
    FROM calibration.solution AS s
    JOIN calibration.solution AS g ON g.run_id = s.run_id AND g.solution_id = %(solution_id)s
    WHERE s.kind = 'night' AND s.solution_id < g.solution_id
    ORDER BY s.night_id, s.solution_id DESC
)
SELECT
    n.date, n.hemis, z.band, count(*) AS scans, count(*) FILTER (WHERE z.photometric) AS photometric,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY z.offset_mag) AS offset_mag,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY z.error_mag) AS error_mag,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY z.offset_mag - w.offset_mag) AS moved_mag,
    (SELECT count(*) FROM calibration.set_used AS u
     WHERE u.solution_id = %(solution_id)s AND u.night_id = s.night_id AND u.band = z.band) AS sets,
    (SELECT 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(u.residual_mag)) FROM calibration.set_used AS u
     WHERE u.solution_id = %(solution_id)s AND u.night_id = s.night_id AND u.band = z.band) AS set_scatter_mag
FROM calibration.scan_zero_point AS z
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n USING (night_id)
LEFT JOIN own AS o ON o.night_id = s.night_id
LEFT JOIN calibration.scan_zero_point AS w
    ON w.solution_id = o.solution_id AND w.scan_key = z.scan_key AND w.band = z.band
WHERE z.solution_id = %(solution_id)s
GROUP BY s.night_id, n.date, n.hemis, z.band
ORDER BY n.date, n.hemis, z.band
