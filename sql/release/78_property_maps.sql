-- Property maps: a row a HEALPix cell that a chosen scan covers, with coverage, depth, seeing and zero point by band, and the same
-- in cells of 1.8 degrees for pictures of the whole sky.
--
-- frac     share of the cell that chosen scans cover together: cells of wsdb.scan_coverage (order 14), each counted once; those of a
--          cell of the map are the bits of a number, 64 at most
-- scans    chosen scans that cover a part of it
-- source   depth, seeing and zero point are those of one scan, the one whose apparitions win at the centre of the cell
--          (45_duplicates.sql): of those that cover a part of the cell in all bands the one in whose edges the centre lies deepest, the
--          smaller scan_key of two; and of its image whose centre is nearest along the scan (coadd_key)
-- depth    magnitude of signal-to-noise ratio 10 of the scan, calibrated (release.scn), and how much deeper the image is than the
--          scan's images on average: zero point - 2.5 log10(noise of a pixel x full width at half maximum)
-- seeing   full width at half maximum of a seeing shape (background/survey 2.8)
-- zp       calibrated zero point of the image (75_atlas.sql)
--
-- Values are rounded, means taken in exact decimal arithmetic: sums of floats would depend on the order of their terms.
--
-- Parameters: map_order.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/78_property_maps.sql

-- The planner knows nothing of how many cells there are; loops over rows are written as such (LATERAL).
SET enable_nestloop = off;

WITH setting AS MATERIALIZED (
    -- Bits of a cell of order 14 within one of the map, and how many there are of them.
    SELECT m.map_order, 2 * (14 - m.map_order) AS inside, 1 << 2 * (14 - m.map_order) AS whole
    FROM (SELECT release.parameter('map_order')::integer AS map_order) AS m
),
-- How deep images go, up to a constant of the scan.
imaged AS MATERIALIZED (
    SELECT
        i.*, cosd(i.decl) * cosd(i.ra) AS x, cosd(i.decl) * sind(i.ra) AS y, sind(i.decl) AS z,
        round((i.j_zp - 2.5 * log(nullif(i.j_sky_sigma, 0) * nullif(greatest(3.13 * i.j_shape - 0.46, 0), 0)))::numeric, 4) AS j,
        round((i.h_zp - 2.5 * log(nullif(i.h_sky_sigma, 0) * nullif(greatest(3.13 * i.h_shape - 0.46, 0), 0)))::numeric, 4) AS h,
        round((i.k_zp - 2.5 * log(nullif(i.k_sky_sigma, 0) * nullif(greatest(3.13 * i.k_shape - 0.46, 0), 0)))::numeric, 4) AS k
    FROM release.img AS i WHERE i.release_id = release.current_id()
),
mean AS MATERIALIZED (
    SELECT m.scan_key, avg(m.j) AS j, avg(m.h) AS h, avg(m.k) AS k FROM imaged AS m GROUP BY m.scan_key
),
figure AS MATERIALIZED (
    SELECT
        m.coadd_key, m.j_zp, m.h_zp, m.k_zp, round((3.13 * m.j_shape - 0.46)::numeric, 3) AS j_seeing,
        round((3.13 * m.h_shape - 0.46)::numeric, 3) AS h_seeing, round((3.13 * m.k_shape - 0.46)::numeric, 3) AS k_seeing,
        round((c.j_msnr10 + coalesce(m.j - a.j, 0))::numeric, 3) AS j_depth, round((c.h_msnr10 + coalesce(m.h - a.h, 0))::numeric, 3) AS h_depth,
        round((c.k_msnr10 + coalesce(m.k - a.k, 0))::numeric, 3) AS k_depth
    FROM imaged AS m
    JOIN mean AS a ON a.scan_key = m.scan_key
    JOIN release.scn AS c ON c.release_id = release.current_id() AND c.scan_key = m.scan_key
),
-- Edges of each scan as planes (release.edge_normals) and the direction from its southern end to its northern one.
lying AS MATERIALIZED (
    SELECT s.run_id, s.scan_key, s.attempt_id, edge.n, axis.x, axis.y, axis.z
    FROM release.scan AS s
    CROSS JOIN LATERAL (SELECT array_agg(n) AS n FROM release.edge_normals(s.attempt_id) AS side (n)) AS edge
    LEFT JOIN LATERAL (
        SELECT sum(c.sign * cosd(c.decl) * cosd(c.ra)) AS x, sum(c.sign * cosd(c.decl) * sind(c.ra)) AS y, sum(c.sign * sind(c.decl)) AS z
        FROM wsdb.scan_coverage AS v
        CROSS JOIN LATERAL (VALUES (-1, v.ra_1, v.dec_1), (-1, v.ra_2, v.dec_2), (1, v.ra_3, v.dec_3), (1, v.ra_4, v.dec_4)) AS c (sign, ra, decl)
        WHERE v.attempt_id = s.attempt_id
        GROUP BY v.band ORDER BY v.band = '-' DESC, v.band LIMIT 1
    ) AS axis ON true
    WHERE s.release_id = release.current_id() AND s.selected
),
-- Images of a scan in their order along it, and where one ends and the next begins: halfway between their centres.
ordered AS MATERIALIZED (
    SELECT
        m.scan_key, m.coadd_key, m.along,
        (m.along + lag(m.along) OVER (PARTITION BY m.scan_key ORDER BY m.along, m.coadd_key)) / 2 AS from_here
    FROM (SELECT i.scan_key, i.coadd_key, i.x * s.x + i.y * s.y + i.z * s.z AS along FROM imaged AS i JOIN lying AS s USING (scan_key)) AS m
),
chosen AS MATERIALIZED (
    SELECT s.*, o.keys, o.bounds
    FROM lying AS s
    LEFT JOIN (
        SELECT q.scan_key, array_agg(q.coadd_key ORDER BY q.along, q.coadd_key) AS keys,
               coalesce(array_agg(q.from_here ORDER BY q.along, q.coadd_key) FILTER (WHERE q.from_here IS NOT NULL), '{}') AS bounds
        FROM ordered AS q GROUP BY q.scan_key
    ) AS o ON o.scan_key = s.scan_key
),
-- What a scan covers of each cell, its nearest image, and how deep the centre lies within its edges.
part AS (
    SELECT
        c.scan_key, c.run_id, p.cell, p.j, p.h, p.k, p.j IS NOT NULL AND p.h IS NOT NULL AND p.k IS NOT NULL AS in_all,
        CASE WHEN cardinality(c.bounds) = 0 THEN c.keys[1] ELSE c.keys[1 + width_bucket(u.x * c.x + u.y * c.y + u.z * c.z, c.bounds)] END AS coadd_key,
        least(u.x * c.n[1][1] + u.y * c.n[1][2] + u.z * c.n[1][3], u.x * c.n[2][1] + u.y * c.n[2][2] + u.z * c.n[2][3],
              u.x * c.n[3][1] + u.y * c.n[3][2] + u.z * c.n[3][3], u.x * c.n[4][1] + u.y * c.n[4][2] + u.z * c.n[4][3]) AS sine
    FROM chosen AS c
    CROSS JOIN setting AS t
    CROSS JOIN LATERAL (
        SELECT b.cell, bit_or(b.bits) FILTER (WHERE b.band = 'j') AS j, bit_or(b.bits) FILTER (WHERE b.band = 'h') AS h,
               bit_or(b.bits) FILTER (WHERE b.band = 'k') AS k
        FROM (
            SELECT g.band, g.cell, CASE WHEN g.last - g.first = 63 THEN -1 ELSE (~ ((-1)::bigint << (g.last - g.first + 1))) << g.first END AS bits
            FROM (
                SELECT f.band, f.cell, greatest(f.first - (f.cell << t.inside), 0)::integer AS first,
                       least(f.last - (f.cell << t.inside), t.whole - 1)::integer AS last
                FROM (
                    SELECT r.band, r.first, r.last, generate_series(r.first >> t.inside, r.last >> t.inside) AS cell
                    FROM (
                        SELECT v.band, lower(span) >> 30 AS first, upper(span) - 1 >> 30 AS last
                        FROM wsdb.scan_coverage AS v
                        CROSS JOIN LATERAL unnest(v.coverage) AS span
                        WHERE v.attempt_id = c.attempt_id AND v.band <> '-'
                    ) AS r
                ) AS f
                OFFSET 0
            ) AS g
        ) AS b
        GROUP BY b.cell
    ) AS p
    CROSS JOIN LATERAL (SELECT centre_of_healpix_nest(t.map_order, p.cell) AS centre OFFSET 0) AS m
    CROSS JOIN LATERAL (SELECT x(m.centre) AS x, y(m.centre) AS y, z(m.centre) AS z OFFSET 0) AS u
),
-- The first of each cell is the one whose values count: groups are made in the order of the sort. Materialized, because the key of
-- an image is otherwise an expression on which the planner hashes nothing: every cell was compared with every image, 600 million times
-- for 155,000 cells of 168 scans (112 s; 5 s so).
cell AS MATERIALIZED (
    SELECT
        p.cell, (array_agg(p.run_id))[1] AS run_id, (array_agg(p.coadd_key))[1] AS coadd_key,
        bit_or(p.j) AS j, count(p.j) AS j_scans, bit_or(p.h) AS h, count(p.h) AS h_scans, bit_or(p.k) AS k, count(p.k) AS k_scans
    FROM (SELECT * FROM part ORDER BY cell, in_all DESC, sine DESC NULLS LAST, scan_key) AS p
    GROUP BY p.cell
)
INSERT INTO release.property_map (
    release_id, run_id, pixel, j_frac, j_scans, j_depth, j_seeing, j_zp, h_frac, h_scans, h_depth, h_seeing, h_zp,
    k_frac, k_scans, k_depth, k_seeing, k_zp, coadd_key, ra, decl)
SELECT
    release.current_id(), c.run_id, c.cell,
    coalesce(bit_count(c.j::bit(64)), 0)::float8 / t.whole, c.j_scans, CASE WHEN c.j_scans > 0 THEN f.j_depth END,
    CASE WHEN c.j_scans > 0 THEN f.j_seeing END, CASE WHEN c.j_scans > 0 THEN f.j_zp END,
    coalesce(bit_count(c.h::bit(64)), 0)::float8 / t.whole, c.h_scans, CASE WHEN c.h_scans > 0 THEN f.h_depth END,
    CASE WHEN c.h_scans > 0 THEN f.h_seeing END, CASE WHEN c.h_scans > 0 THEN f.h_zp END,
    coalesce(bit_count(c.k::bit(64)), 0)::float8 / t.whole, c.k_scans, CASE WHEN c.k_scans > 0 THEN f.k_depth END,
    CASE WHEN c.k_scans > 0 THEN f.k_seeing END, CASE WHEN c.k_scans > 0 THEN f.k_zp END,
    -- Centres west of right ascension 0 may have a negative one.
    c.coadd_key, (round(degrees(long(m.centre)) * 1e6)::bigint + 360000000) % 360000000 / 1e6, round(degrees(lat(m.centre)) * 1e6) / 1e6
FROM cell AS c
CROSS JOIN setting AS t
LEFT JOIN figure AS f ON f.coadd_key = c.coadd_key
CROSS JOIN LATERAL (SELECT centre_of_healpix_nest(t.map_order, c.cell) AS centre OFFSET 0) AS m
ORDER BY c.cell;

RESET enable_nestloop;

-- MATERIALIZED: the parameter would be looked up for every cell, 15 us each.
WITH setting AS MATERIALIZED (
    SELECT 2 * (release.parameter('map_order')::integer - 5) AS finer
)
INSERT INTO release.map_overview (release_id, cell, j_frac, j_depth, h_frac, h_depth, k_frac, k_depth)
SELECT
    m.release_id, m.pixel >> w.finer,
    sum(m.j_frac::numeric) / (1 << w.finer), round(sum(m.j_frac::numeric * m.j_depth::numeric) / nullif(sum(m.j_frac::numeric) FILTER (WHERE m.j_depth IS NOT NULL), 0), 3),
    sum(m.h_frac::numeric) / (1 << w.finer), round(sum(m.h_frac::numeric * m.h_depth::numeric) / nullif(sum(m.h_frac::numeric) FILTER (WHERE m.h_depth IS NOT NULL), 0), 3),
    sum(m.k_frac::numeric) / (1 << w.finer), round(sum(m.k_frac::numeric * m.k_depth::numeric) / nullif(sum(m.k_frac::numeric) FILTER (WHERE m.k_depth IS NOT NULL), 0), 3)
FROM release.property_map AS m
CROSS JOIN setting AS w
WHERE m.release_id = release.current_id()
GROUP BY m.release_id, m.pixel >> w.finer, w.finer;

SELECT count(*) AS rows FROM release.property_map WHERE release_id = release.current_id();
