-- Of science scans: stars that a neighbour saw too; where a night is given, a neighbour of the same night. Sources within 80 arcsec of an edge are matched to 2 arcsec by cells of
-- 3.6 arcsec; a strip of that width at right ascension 0 is not matched across.
--
-- overlap_offset_mag      how much fainter than the neighbours: median over stars of SNR above 20, five at least
-- overlap_discord_mag     its difference from the median of the bands; of scans with all three
-- overlap_scatter_mag     1.4826 times the median absolute difference about the offset, over root 2; SNR above 50
-- overlap_position_arcsec median distance over 1.1774, which is one coordinate of the difference
WITH star AS MATERIALIZED (
    SELECT
        p.scan_key, v.night_id, p.src_id, p.ra, p.decl, floor(p.decl * 1000)::integer AS zone,
        floor(p.ra * cos(radians(floor(p.decl * 1000) / 1000.0)) * 1000)::integer AS cell,
        ARRAY[p.j_m, p.h_m, p.k_m]::double precision[] AS m, ARRAY[p.j_snr, p.h_snr, p.k_snr]::double precision[] AS snr
    FROM wsdb.point_source AS p
    JOIN production.attempt AS a ON a.attempt_id = p.attempt_id AND a.accepted
    JOIN survey.scan AS v ON v.scan_key = p.scan_key AND v.kind = 'sci'
    WHERE p.run_id = %(run_id)s AND (%(night_id)s::integer IS NULL OR v.night_id = %(night_id)s)
      AND least(p.dist_edge_ew, p.dist_edge_ns) < 80
      AND greatest(p.j_snr, p.h_snr, p.k_snr) > 20 AND p.cc_flg !~ '[A-Z]'
),
-- Each star in its own cell and the eight about it.
near AS MATERIALIZED (
    SELECT s.*, s.zone + dz AS near_zone, floor(s.ra * cos(radians((s.zone + dz) / 1000.0)) * 1000)::integer + dx AS near_cell
    FROM star AS s CROSS JOIN generate_series(-1, 1) AS dz CROSS JOIN generate_series(-1, 1) AS dx
),
pair AS MATERIALIZED (
    SELECT DISTINCT ON (a.src_id, b.scan_key)
        a.scan_key, a.night_id, a.m AS m_a, b.m AS m_b, a.snr AS snr_a, b.snr AS snr_b, d.arcsec
    FROM star AS a
    JOIN near AS b ON b.near_zone = a.zone AND b.near_cell = a.cell
          AND b.scan_key <> a.scan_key
    CROSS JOIN LATERAL (
        SELECT sqrt(((a.ra - b.ra) * cos(radians(a.decl))) ^ 2 + (a.decl - b.decl) ^ 2) * 3600 AS arcsec
    ) AS d
    WHERE d.arcsec < 2
    ORDER BY a.src_id, b.scan_key, d.arcsec, b.src_id
),
difference AS MATERIALIZED (
    SELECT p.scan_key, p.night_id, x.band, p.m_a[x.n] - p.m_b[x.n] AS fainter, least(p.snr_a[x.n], p.snr_b[x.n]) AS snr
    FROM pair AS p CROSS JOIN (VALUES ('j', 1), ('h', 2), ('k', 3)) AS x (band, n)
    WHERE least(p.snr_a[x.n], p.snr_b[x.n]) > 20 AND p.m_a[x.n] IS NOT NULL AND p.m_b[x.n] IS NOT NULL
),
shift AS MATERIALIZED (
    SELECT scan_key, night_id, band, percentile_cont(0.5) WITHIN GROUP (ORDER BY fainter) AS value, count(*) AS rows
    FROM difference GROUP BY scan_key, night_id, band HAVING count(*) >= 5
),
grey AS (
    SELECT scan_key, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value FROM shift
    GROUP BY scan_key HAVING count(*) = 3
)
INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)
SELECT %(run_id)s, night_id, scan_key, 'overlap_offset_mag', band, value, rows FROM shift
UNION ALL
SELECT %(run_id)s, s.night_id, s.scan_key, 'overlap_discord_mag', s.band, abs(s.value - g.value), s.rows
FROM shift AS s JOIN grey AS g USING (scan_key)
UNION ALL
SELECT
    %(run_id)s, d.night_id, d.scan_key, 'overlap_scatter_mag', d.band,
    1.4826 / sqrt(2) * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(d.fainter - s.value)), count(*)
FROM difference AS d JOIN shift AS s USING (scan_key, band)
WHERE d.snr > 50 GROUP BY d.night_id, d.scan_key, d.band HAVING count(*) >= 5
UNION ALL
SELECT
    %(run_id)s, night_id, scan_key, 'overlap_position_arcsec', '-',
    percentile_cont(0.5) WITHIN GROUP (ORDER BY arcsec) / 1.1774, count(*)
FROM pair GROUP BY night_id, scan_key HAVING count(*) >= 5
