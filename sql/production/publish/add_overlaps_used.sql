-- Overlaps that a solution was made of.
INSERT INTO calibration.overlap_used (
    solution_id, scan_a, scan_b, band, stars, delta_mag, scatter_mag, x_a, x2_a, x_b, x2_b, residual_mag, weight,
    held_out_mag)
SELECT %(solution_id)s, u.*
FROM unnest(
    %(scan_a)s::integer[], %(scan_b)s::integer[], %(band)s::text[], %(stars)s::integer[], %(delta_mag)s::float8[],
    %(scatter_mag)s::float8[], %(x_a)s::float8[], %(x2_a)s::float8[], %(x_b)s::float8[], %(x2_b)s::float8[],
    %(residual_mag)s::float8[], %(weight)s::float8[], %(held_out_mag)s::float8[]) AS u
