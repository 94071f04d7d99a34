-- How well scans agree in their overlaps, a row a band: robust scatter (1.4826 times the median absolute value) of the
-- differences as measured, of their residuals, of those of the stars held out, and of single stars (repeatability: that of a
-- difference by the square root of 2).
SELECT
    o.band, count(*) AS overlaps, sum(o.stars) AS stars,
    1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(o.delta_mag)) AS measured_mag,
    1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(o.residual_mag)) AS residual_mag,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY abs(o.residual_mag)) AS largest_mag,
    1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(o.held_out_mag)) AS held_out_mag,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY o.scatter_mag) / sqrt(2) AS repeatability_mag,
    count(*) FILTER (WHERE o.weight < 1) AS of_less_weight
FROM calibration.overlap_used AS o
WHERE o.solution_id = %(solution_id)s
GROUP BY o.band
ORDER BY o.band
