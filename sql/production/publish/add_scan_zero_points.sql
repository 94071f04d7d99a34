-- Zero points and flats of the scans of a solution.
INSERT INTO calibration.scan_zero_point (
    solution_id, scan_key, band, offset_mag, linear_mag, quadratic_mag, error_mag, loss_mag, photometric, reason)
SELECT %(solution_id)s, u.*
FROM unnest(
    %(scan_key)s::integer[], %(band)s::text[], %(offset_mag)s::float8[], %(linear_mag)s::float8[],
    %(quadratic_mag)s::float8[], %(error_mag)s::float8[], %(loss_mag)s::float8[], %(photometric)s::boolean[],
    %(reason)s::text[]) AS u
