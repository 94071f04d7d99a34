-- Calibration sets that a solution was made of.
INSERT INTO calibration.set_used (
    solution_id, night_id, number, band, field, scans, standards, observed_at, airmass, offset_mag, error_mag, scatter_mag,
    residual_mag, weight, accepted)
SELECT %(solution_id)s, u.*
FROM unnest(
    %(night_id)s::integer[], %(number)s::smallint[], %(band)s::text[], %(field)s::text[], %(scans)s::smallint[],
    %(standards)s::smallint[], %(observed_at)s::timestamptz[], %(airmass)s::float8[], %(offset_mag)s::float8[],
    %(error_mag)s::float8[], %(scatter_mag)s::float8[], %(residual_mag)s::float8[], %(weight)s::float8[],
    %(accepted)s::boolean[]) AS u
