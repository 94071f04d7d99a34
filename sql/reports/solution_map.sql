-- Residuals of a solution on the sky: parts of some degrees, by the centre of the first scan of each overlap, a row a part and
-- band. An overlap inside a part adds its residual to one of its two scans, so that a mean beyond its error says that scans
-- of the part disagree in one direction: a tilt across the scan, or along the row of tiles.
WITH placed AS (
    SELECT
        o.band, o.residual_mag, o.held_out_mag, o.weight,
        floor(s.ra / %(degrees)s::float8) * %(degrees)s::float8 AS ra,
        floor((s.decl + 90) / %(degrees)s::float8) * %(degrees)s::float8 - 90 AS decl
    FROM calibration.overlap_used AS o
    JOIN survey.scan AS s ON s.scan_key = o.scan_a
    WHERE o.solution_id = %(solution_id)s AND s.ra IS NOT NULL AND s.decl IS NOT NULL
)
SELECT
    p.band, p.ra, p.decl, count(*) AS overlaps,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.residual_mag) AS median_mag,
    1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.residual_mag)) AS scatter_mag,
    1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.held_out_mag)) AS held_out_mag,
    count(*) FILTER (WHERE p.weight < 1) AS of_less_weight
FROM placed AS p
GROUP BY p.band, p.ra, p.decl
ORDER BY p.band, p.decl, p.ra
