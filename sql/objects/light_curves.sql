-- Means of objects and bands with enough epochs, chi-squared about them, and the factor by which errors of stars of that magnitude
-- fall short: most stars are constant, so that the median of their reduced chi-squared must be that of constant light,
-- (1 - 2 / (9 f))^3 for f degrees of freedom. Classes of half a magnitude; where one has fewer than 20 stars those of the band together.
-- Sums run in the order of scans, so that they do not depend on the order of rows.
CREATE TEMPORARY TABLE curve ON COMMIT DROP AS
WITH mean AS (
    SELECT gcntr, seed_run_id, band, count(*) AS epochs,
           sum(m / error ^ 2 ORDER BY scan_key, run_id) / sum(1 / error ^ 2 ORDER BY scan_key, run_id) AS m
    FROM light GROUP BY gcntr, seed_run_id, band HAVING count(*) >= %(least_epochs)s
),
about AS (
    SELECT c.gcntr, c.seed_run_id, c.band, c.epochs, c.m, floor(c.m * 2) AS class,
           sum(((l.m - c.m) / l.error) ^ 2 ORDER BY l.scan_key, l.run_id) / (c.epochs - 1) AS chi_squared,
           sqrt(sum((l.m - c.m) ^ 2 / l.error ^ 2 ORDER BY l.scan_key, l.run_id) / sum(1 / l.error ^ 2 ORDER BY l.scan_key, l.run_id)
                * c.epochs / (c.epochs - 1)) AS scatter,
           sqrt(avg(l.error ^ 2 ORDER BY l.scan_key, l.run_id)) AS error,
           (1 - 2 / (9.0 * (c.epochs - 1))) ^ 3 AS expected
    FROM mean AS c JOIN light AS l USING (gcntr, seed_run_id, band)
    GROUP BY c.gcntr, c.seed_run_id, c.band, c.epochs, c.m
),
scale AS (
    SELECT band, class, count(*) AS stars, percentile_cont(0.5) WITHIN GROUP (ORDER BY chi_squared / expected) AS factor
    FROM about GROUP BY GROUPING SETS ((band, class), (band))
)
SELECT a.*, CASE WHEN own.stars >= 20 THEN own.factor ELSE of_band.factor END AS factor
FROM about AS a
JOIN scale AS own ON own.band = a.band AND own.class = a.class
JOIN scale AS of_band ON of_band.band = a.band AND of_band.class IS NULL
