-- Variability by band, and of all bands together: for each scan the weighted mean of what its bands depart from their means. What
-- varies does so in all bands, while noise does not. The significance is that of a normal law (Wilson and Hilferty 1931).
WITH departure AS (
    SELECT l.gcntr, l.seed_run_id, l.run_id, l.scan_key, count(*) AS bands,
           sum((l.m - c.m) / (l.error ^ 2 * c.factor) ORDER BY l.band) / sum(1 / (l.error ^ 2 * c.factor) ORDER BY l.band) AS departs,
           1 / sum(1 / (l.error ^ 2 * c.factor) ORDER BY l.band) AS variance,
           min(c.class) FILTER (WHERE l.band = 'j') AS class
    FROM light AS l JOIN curve AS c USING (gcntr, seed_run_id, band)
    WHERE c.factor > 0
    GROUP BY l.gcntr, l.seed_run_id, l.run_id, l.scan_key
),
together AS (
    SELECT gcntr, seed_run_id, count(*) AS epochs, max(class) AS class,
           sum(departs ^ 2 / variance ORDER BY scan_key, run_id) / (count(*) - 1) AS chi_squared,
           (1 - 2 / (9.0 * (count(*) - 1))) ^ 3 AS expected
    FROM departure WHERE bands > 1 GROUP BY gcntr, seed_run_id HAVING count(*) >= %(least_epochs)s
),
-- What bands of a scan have in common (zero points, the place on the array) makes means scatter more: errors are scaled once more.
scale AS (
    SELECT class, grouping(class) = 1 AS whole, count(*) AS stars,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY chi_squared / expected) AS factor
    FROM together GROUP BY GROUPING SETS ((class), ())
),
scaled AS (
    SELECT t.gcntr, t.seed_run_id, '-' AS band, t.epochs, NULL::double precision AS m, NULL::double precision AS scatter,
           NULL::double precision AS error,
           t.chi_squared / CASE WHEN own.stars >= 20 THEN own.factor ELSE every.factor END AS chi_squared
    FROM together AS t
    LEFT JOIN scale AS own ON own.class = t.class AND NOT own.whole
    JOIN scale AS every ON every.whole
    WHERE every.factor > 0
    UNION ALL
    SELECT gcntr, seed_run_id, band, epochs, m, scatter, error * sqrt(factor), chi_squared / factor FROM curve WHERE factor > 0
)
INSERT INTO release.object_light (object_set_id, gcntr, seed_run_id, band, epochs, mean_mag, scatter_mag, error_mag, chi_squared,
                                  significance)
SELECT %(object_set_id)s, gcntr, seed_run_id, band, epochs, m, scatter, error, chi_squared,
       (cbrt(chi_squared) - (1 - 2 / (9.0 * (epochs - 1)))) / sqrt(2 / (9.0 * (epochs - 1)))
FROM scaled
ORDER BY gcntr, seed_run_id, band
