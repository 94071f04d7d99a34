-- Of science scans: sources brighter than the requirement of depth, a square arc minute, over the median of the run's scans
-- within the same 5 degrees of absolute galactic latitude, three scans at least; and over what the model of the sky expects
-- at the place of the scan (`app/quality/sky_counts.py`). The pole of the Galaxy is at 192.85948, 27.12825 (J2000).
WITH counted AS (
    SELECT
        p.scan_key, v.night_id, s.band, floor(abs(degrees(asin(
            sin(radians(v.decl)) * sin(radians(27.12825))
            + cos(radians(v.decl)) * cos(radians(27.12825)) * cos(radians(v.ra - 192.85948))))) / 5) AS latitude,
        count(*) FILTER (WHERE CASE s.band WHEN 'j' THEN p.j_m WHEN 'h' THEN p.h_m ELSE p.k_m END < s.threshold) AS rows,
        min(wsdb.area_arcmin2(c.coverage)) AS area
    FROM wsdb.point_source AS p
    JOIN production.attempt AS a ON a.attempt_id = p.attempt_id AND a.accepted
    JOIN survey.scan AS v ON v.scan_key = p.scan_key AND v.kind = 'sci' AND v.decl IS NOT NULL
    JOIN wsdb.scan_coverage AS c ON c.attempt_id = a.attempt_id AND c.band = '-'
    JOIN quality.specification AS s ON s.metric = 'snr10_mag' AND s.level = 'minimum'
    WHERE p.run_id = %(run_id)s AND (%(night_id)s::integer IS NULL OR v.night_id = %(night_id)s)
    GROUP BY p.scan_key, v.night_id, s.band, v.ra, v.decl
),
sky AS (
    SELECT band, latitude, percentile_cont(0.5) WITHIN GROUP (ORDER BY rows / area) AS density
    FROM counted WHERE area > 0 GROUP BY band, latitude HAVING count(*) >= 3
)
INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)
SELECT %(run_id)s, c.night_id, c.scan_key, 'source_count_ratio', c.band, c.rows / c.area / s.density, c.rows
FROM counted AS c JOIN sky AS s USING (band, latitude)
WHERE c.area > 0 AND s.density > 0
UNION ALL
SELECT %(run_id)s, c.night_id, c.scan_key, 'source_count_model_ratio', c.band, c.rows / c.area / m.density, c.rows
FROM counted AS c
JOIN unnest(%(model_scans)s::integer[], %(model_bands)s::text[], %(model_densities)s::double precision[])
    AS m (scan_key, band, density) ON m.scan_key = c.scan_key AND m.band = trim(c.band)
WHERE c.area > 0 AND m.density > 0
