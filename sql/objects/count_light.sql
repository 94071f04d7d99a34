-- Objects with a verdict, by band, and those of them whose light changes.
SELECT band, count(*) AS objects, count(*) FILTER (WHERE significance >= %(significance)s) AS variable,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY epochs)::numeric) AS median_epochs
FROM release.object_light WHERE object_set_id = %(object_set_id)s GROUP BY band ORDER BY band
