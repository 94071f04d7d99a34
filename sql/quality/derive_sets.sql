-- Of nights: what the scans of a calibration set, which saw the same field one after the other, say of each other. A set is
-- four or more scans of one tile with consecutive numbers. Sources nearer to an edge than 30 arcsec are left out.
--
-- A detection is confirmed by a scan that has one within 2 arcsec and 1 mag; it is of a true star if more than half of the
-- scans confirm it, itself included (background/survey 3.6). A star of k detections is counted by each of them, so each has
-- weight 1 / k.
--
-- Values are rounded to ten digits: sums of doubles depend on the order of rows, which no query promises.
--
-- sixfold_repeatability_mag  median of the standard deviations of stars of SNR above 100 seen on all scans
-- sixfold_offset_mag         root mean square over scans of their median difference from the stars' means, SNR above 20
-- completeness, reliability  in the half magnitude above the requirement of snr10_mag
-- sixfold_snr10_mag          where the scatter in bins of 0.25 mag, ten detections at least, crosses 1.0857 / 10 last
-- snr10_difference_mag       prediction of the sets' scans less that
WITH calibration AS (
    SELECT v.scan_key, v.night_id, v.tile, v.scan - row_number() OVER (PARTITION BY v.night_id, v.tile ORDER BY v.scan) AS island,
           a.attempt_id
    FROM production.attempt AS a
    JOIN survey.scan AS v ON v.scan_key = a.scan_key AND v.kind = 'cal' AND v.tile IS NOT NULL
    WHERE a.run_id = %(run_id)s AND a.accepted AND (%(night_id)s::integer IS NULL OR v.night_id = %(night_id)s)
),
member AS MATERIALIZED (
    SELECT c.*, count(*) OVER w AS scans, dense_rank() OVER (ORDER BY c.night_id, c.tile, c.island) AS set_number
    FROM calibration AS c WINDOW w AS (PARTITION BY c.night_id, c.tile, c.island)
),
star AS MATERIALIZED (
    SELECT
        c.set_number, c.night_id, c.scans, c.scan_key, p.src_id, p.ra, p.decl, floor(p.decl * 1000)::integer AS zone,
        floor(p.ra * cos(radians(floor(p.decl * 1000) / 1000.0)) * 1000)::integer AS cell,
        -- A band without a signal-to-noise ratio is no detection but a limit.
        ARRAY[CASE WHEN p.j_snr > 0 THEN p.j_m END, CASE WHEN p.h_snr > 0 THEN p.h_m END,
              CASE WHEN p.k_snr > 0 THEN p.k_m END]::double precision[] AS m,
        ARRAY[p.j_snr, p.h_snr, p.k_snr]::double precision[] AS snr
    FROM member AS c
    JOIN wsdb.point_measurement AS p ON p.run_id = %(run_id)s AND p.attempt_id = c.attempt_id
    WHERE c.scans >= 4 AND least(p.dist_edge_ew, p.dist_edge_ns) > 30 AND p.cc_flg !~ '[A-Z]'
),
-- Each star in its own cell and the eight about it.
near AS MATERIALIZED (
    SELECT s.*, s.zone + dz AS near_zone, floor(s.ra * cos(radians((s.zone + dz) / 1000.0)) * 1000)::integer + dx AS near_cell
    FROM star AS s CROSS JOIN generate_series(-1, 1) AS dz CROSS JOIN generate_series(-1, 1) AS dx
),
pair AS MATERIALIZED (
    SELECT DISTINCT ON (a.src_id, b.scan_key) a.src_id, a.m AS m_a, b.m AS m_b
    FROM star AS a
    JOIN near AS b ON b.set_number = a.set_number AND b.near_zone = a.zone
          AND b.near_cell = a.cell
    CROSS JOIN LATERAL (
        SELECT sqrt(((a.ra - b.ra) * cos(radians(a.decl))) ^ 2 + (a.decl - b.decl) ^ 2) * 3600 AS arcsec
    ) AS d
    WHERE d.arcsec < 2
    ORDER BY a.src_id, b.scan_key, d.arcsec, b.src_id
),
-- One row a detection and band: how many scans confirm it, and what they measured.
detection AS MATERIALIZED (
    SELECT
        s.night_id, s.set_number, s.scan_key, s.src_id, s.scans, c.band, s.m[c.n] AS m, s.snr[c.n] AS snr,
        c.seen, c.mean, c.variance
    FROM star AS s
    JOIN (
        SELECT p.src_id, x.band, x.n, count(*) AS seen, avg(p.m_b[x.n]) AS mean, var_samp(p.m_b[x.n]) AS variance
        FROM pair AS p CROSS JOIN (VALUES ('j', 1), ('h', 2), ('k', 3)) AS x (band, n)
        WHERE abs(p.m_b[x.n] - p.m_a[x.n]) < 1
        GROUP BY p.src_id, x.band, x.n
    ) AS c USING (src_id)
),
depth_bin AS (
    SELECT
        night_id, band, avg(mean) AS m, count(*) AS rows,
        -- Half of the variances of n values lie below (1 - 2 / (9 (n - 1)))^3 of the true one. A mean would be that of the
        -- variable stars and close pairs: bins of 10 mag crossed the limit.
        sqrt(percentile_cont(0.5) WITHIN GROUP (ORDER BY variance / (1 - 2.0 / (9 * (seen - 1))) ^ 3)) AS scatter
    FROM detection WHERE seen > scans / 2.0 AND seen >= 3
    GROUP BY night_id, band, floor(mean * 4) HAVING count(*) >= 10
),
crossing AS (
    SELECT DISTINCT ON (night_id, band)
        night_id, band, m + (next_m - m) * (ln(0.10857) - ln(scatter)) / (ln(next_scatter) - ln(scatter)) AS value, rows
    FROM (
        SELECT d.*, lead(m) OVER w AS next_m, lead(scatter) OVER w AS next_scatter
        FROM depth_bin AS d WINDOW w AS (PARTITION BY night_id, band ORDER BY m)
    ) AS step
    WHERE scatter > 0 AND scatter <= 0.10857 AND next_scatter > 0.10857
    ORDER BY night_id, band, m DESC
),
scan_shift AS (
    SELECT night_id, band, scan_key, percentile_cont(0.5) WITHIN GROUP (ORDER BY m - mean) AS value
    FROM detection WHERE snr > 20 AND seen = scans GROUP BY night_id, band, scan_key HAVING count(*) >= 5
),
limiting AS (
    SELECT
        d.night_id, d.band, sum(1.0 / d.seen) FILTER (WHERE d.seen > d.scans / 2.0) AS stars,
        count(*) FILTER (WHERE d.seen > d.scans / 2.0) AS found,
        sum(d.scans::double precision / d.seen) FILTER (WHERE d.seen > d.scans / 2.0) AS available,
        sum(1.0 / d.scans) FILTER (WHERE d.seen <= d.scans / 2.0) AS wrong
    FROM detection AS d
    JOIN quality.specification AS s ON s.metric = 'snr10_mag' AND s.level = 'minimum' AND s.band = d.band
    WHERE d.m >= s.threshold - 0.5 AND d.m < s.threshold
    GROUP BY d.night_id, d.band
)
INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)
SELECT
    %(run_id)s, night_id, NULL::integer, 'sixfold_repeatability_mag', band,
    quality.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY sqrt(variance))), count(*)
FROM detection WHERE snr > 100 AND seen = scans GROUP BY night_id, band HAVING count(*) >= 5
UNION ALL
SELECT %(run_id)s, night_id, NULL, 'sixfold_snr10_mag', band, quality.rounded(value), rows FROM crossing
UNION ALL
SELECT
    %(run_id)s, c.night_id, NULL, 'snr10_difference_mag', c.band,
    quality.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(g.value, p.value)) - c.value), count(*)
FROM crossing AS c
JOIN member AS s ON s.night_id = c.night_id AND s.scans >= 4
JOIN quality.metric AS p ON p.attempt_id = s.attempt_id AND p.name = 'snr10_predicted_mag' AND p.band = c.band
-- Where a solution is adopted, magnitudes are calibrated and so is the prediction.
LEFT JOIN quality.derived_metric AS g
    ON g.run_id = %(run_id)s AND g.scan_key = s.scan_key AND g.name = 'snr10_mag' AND g.band = c.band
GROUP BY c.night_id, c.band, c.value
UNION ALL
SELECT %(run_id)s, night_id, NULL, 'sixfold_offset_mag', band, quality.rounded(sqrt(avg(value ^ 2))), count(*)
FROM scan_shift GROUP BY night_id, band
UNION ALL
SELECT %(run_id)s, night_id, NULL, 'completeness', band, quality.rounded(found / available), found FROM limiting WHERE found > 0
UNION ALL
SELECT %(run_id)s, night_id, NULL, 'reliability', band, quality.rounded(stars / (stars + coalesce(wrong, 0))), found FROM limiting WHERE found > 0
