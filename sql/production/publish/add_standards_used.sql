-- Standards that a solution was made of.
INSERT INTO calibration.standard_used (solution_id, standard, band, measurements, star_hash)
SELECT %(solution_id)s, u.*
FROM unnest(%(standard)s::text[], %(band)s::text[], %(measurements)s::integer[], %(star_hash)s::text[]) AS u
