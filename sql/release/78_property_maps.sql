-- Property maps: a row a HEALPix cell that a chosen scan covers, with coverage, depth, seeing and zero point by band, and the same
-- in cells of 1.8 degrees for pictures of the whole sky.
--
-- frac     share of the cell that chosen scans cover together: cells of wsdb.scan_coverage (order 14), each counted once
-- scans    chosen scans that cover a part of it
-- source   depth, seeing and zero point are those of one scan, the one whose apparitions win at the centre of the cell
--          (45_duplicates.sql): of those that cover a part of the cell in all bands the one in whose edges the centre lies deepest, the
--          smaller scan_key of two; and of its image whose centre is nearest (coadd_key)
-- depth    magnitude of signal-to-noise ratio 10 of the scan, calibrated (release.scn), and how much deeper the image is than the
--          scan's images on average: zero point - 2.5 log10(noise of a pixel x full width at half maximum)
-- seeing   full width at half maximum of a seeing shape (background/survey 2.8)
-- zp       calibrated zero point of the image (75_atlas.sql)
--
-- Values are rounded, means taken in exact decimal arithmetic: sums of floats would depend on the order of their terms.
--
-- Parameters: map_order.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/78_property_maps.sql

-- The planner knows nothing of a partition that was just filled, and would read all images for each cell.
SELECT release.analyze('img_r' || release.current_id());

WITH setting AS MATERIALIZED (
    SELECT m.map_order, 2 * (29 - m.map_order) AS shift
    FROM (SELECT release.parameter('map_order')::integer AS map_order) AS m
),
chosen AS MATERIALIZED (
    SELECT s.run_id, s.scan_key, s.attempt_id, edge.normals
    FROM release.scan AS s
    CROSS JOIN LATERAL (SELECT array_agg(n) AS normals FROM release.edge_normals(s.attempt_id) AS side (n)) AS edge
    WHERE s.release_id = release.current_id() AND s.selected
),
-- What a scan covers of each cell, in a band or (-) in all.
part AS (
    SELECT c.scan_key, v.band, p.cell, p.covered, inside.sine
    FROM chosen AS c
    CROSS JOIN setting AS t
    JOIN wsdb.scan_coverage AS v ON v.attempt_id = c.attempt_id
    CROSS JOIN LATERAL (
        SELECT cut.cell, range_agg(int8range(greatest(lower(r), cut.cell << t.shift), least(upper(r), (cut.cell + 1) << t.shift))) AS covered
        FROM unnest(v.coverage) AS r
        CROSS JOIN LATERAL generate_series(lower(r) >> t.shift, (upper(r) - 1) >> t.shift) AS cut (cell)
        GROUP BY cut.cell
    ) AS p
    LEFT JOIN LATERAL (
        SELECT least(u.x * c.normals[1][1] + u.y * c.normals[1][2] + u.z * c.normals[1][3],
                     u.x * c.normals[2][1] + u.y * c.normals[2][2] + u.z * c.normals[2][3],
                     u.x * c.normals[3][1] + u.y * c.normals[3][2] + u.z * c.normals[3][3],
                     u.x * c.normals[4][1] + u.y * c.normals[4][2] + u.z * c.normals[4][3]) AS sine
        FROM (SELECT centre_of_healpix_nest(t.map_order, p.cell) AS centre OFFSET 0) AS m
        CROSS JOIN LATERAL (SELECT x(m.centre) AS x, y(m.centre) AS y, z(m.centre) AS z) AS u
    ) AS inside ON v.band = '-'
),
cell AS (
    SELECT
        p.cell, (array_agg(p.scan_key ORDER BY p.band = '-' DESC, p.sine DESC NULLS LAST, p.scan_key))[1] AS scan_key,
        range_agg(p.covered) FILTER (WHERE p.band = 'j') AS j, count(*) FILTER (WHERE p.band = 'j') AS j_scans,
        range_agg(p.covered) FILTER (WHERE p.band = 'h') AS h, count(*) FILTER (WHERE p.band = 'h') AS h_scans,
        range_agg(p.covered) FILTER (WHERE p.band = 'k') AS k, count(*) FILTER (WHERE p.band = 'k') AS k_scans
    FROM part AS p
    GROUP BY p.cell
),
-- How deep images go, up to a constant of the scan.
imaged AS (
    SELECT
        i.coadd_key, i.scan_key,
        round((i.j_zp - 2.5 * log(nullif(i.j_sky_sigma, 0) * nullif(greatest(3.13 * i.j_shape - 0.46, 0), 0)))::numeric, 4) AS j,
        round((i.h_zp - 2.5 * log(nullif(i.h_sky_sigma, 0) * nullif(greatest(3.13 * i.h_shape - 0.46, 0), 0)))::numeric, 4) AS h,
        round((i.k_zp - 2.5 * log(nullif(i.k_sky_sigma, 0) * nullif(greatest(3.13 * i.k_shape - 0.46, 0), 0)))::numeric, 4) AS k
    FROM release.img AS i WHERE i.release_id = release.current_id()
),
mean AS MATERIALIZED (
    SELECT m.scan_key, avg(m.j) AS j, avg(m.h) AS h, avg(m.k) AS k FROM imaged AS m GROUP BY m.scan_key
),
deeper AS MATERIALIZED (
    SELECT
        m.coadd_key, c.j_msnr10 + coalesce(m.j - a.j, 0) AS j_depth, c.h_msnr10 + coalesce(m.h - a.h, 0) AS h_depth,
        c.k_msnr10 + coalesce(m.k - a.k, 0) AS k_depth
    FROM imaged AS m
    JOIN mean AS a USING (scan_key)
    JOIN release.scn AS c ON c.release_id = release.current_id() AND c.scan_key = m.scan_key
),
placed AS (
    SELECT c.*, s.run_id, m.centre, x(m.centre) AS x, y(m.centre) AS y, z(m.centre) AS z
    FROM cell AS c
    CROSS JOIN setting AS t
    JOIN chosen AS s USING (scan_key)
    CROSS JOIN LATERAL (SELECT centre_of_healpix_nest(t.map_order, c.cell) AS centre OFFSET 0) AS m
),
shown AS (
    SELECT p.*, 1::bigint << t.shift AS whole, i.*
    FROM placed AS p
    CROSS JOIN setting AS t
    LEFT JOIN LATERAL (
        SELECT g.coadd_key, g.j_zp, g.h_zp, g.k_zp, g.j_shape, g.h_shape, g.k_shape
        FROM release.img AS g
        WHERE g.release_id = release.current_id() AND g.coadd_key >= p.scan_key::bigint << 10 AND g.coadd_key < (p.scan_key::bigint + 1) << 10
        ORDER BY p.x * cosd(g.decl) * cosd(g.ra) + p.y * cosd(g.decl) * sind(g.ra) + p.z * sind(g.decl) DESC, g.coadd_key
        LIMIT 1
    ) AS i ON true
)
INSERT INTO release.property_map (
    release_id, run_id, pixel, j_frac, j_scans, j_depth, j_seeing, j_zp, h_frac, h_scans, h_depth, h_seeing, h_zp,
    k_frac, k_scans, k_depth, k_seeing, k_zp, coadd_key, ra, decl)
SELECT
    release.current_id(), s.run_id, s.cell,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0) / s.whole FROM unnest(s.j) AS r), s.j_scans, CASE WHEN s.j_scans > 0 THEN round(d.j_depth::numeric, 3) END,
    CASE WHEN s.j_scans > 0 THEN round((3.13 * s.j_shape - 0.46)::numeric, 3) END, CASE WHEN s.j_scans > 0 THEN s.j_zp END,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0) / s.whole FROM unnest(s.h) AS r), s.h_scans, CASE WHEN s.h_scans > 0 THEN round(d.h_depth::numeric, 3) END,
    CASE WHEN s.h_scans > 0 THEN round((3.13 * s.h_shape - 0.46)::numeric, 3) END, CASE WHEN s.h_scans > 0 THEN s.h_zp END,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0) / s.whole FROM unnest(s.k) AS r), s.k_scans, CASE WHEN s.k_scans > 0 THEN round(d.k_depth::numeric, 3) END,
    CASE WHEN s.k_scans > 0 THEN round((3.13 * s.k_shape - 0.46)::numeric, 3) END, CASE WHEN s.k_scans > 0 THEN s.k_zp END,
    -- Centres west of right ascension 0 may have a negative one.
    s.coadd_key, (round(degrees(long(s.centre))::numeric, 6) + 360) % 360, round(degrees(lat(s.centre))::numeric, 6)
FROM shown AS s
LEFT JOIN deeper AS d ON d.coadd_key = s.coadd_key
ORDER BY s.cell;

INSERT INTO release.map_overview (release_id, cell, j_frac, j_depth, h_frac, h_depth, k_frac, k_depth)
SELECT
    m.release_id, m.pixel >> w.finer,
    sum(m.j_frac::numeric) / (1 << w.finer), round(sum(m.j_frac::numeric * m.j_depth::numeric) / nullif(sum(m.j_frac::numeric) FILTER (WHERE m.j_depth IS NOT NULL), 0), 3),
    sum(m.h_frac::numeric) / (1 << w.finer), round(sum(m.h_frac::numeric * m.h_depth::numeric) / nullif(sum(m.h_frac::numeric) FILTER (WHERE m.h_depth IS NOT NULL), 0), 3),
    sum(m.k_frac::numeric) / (1 << w.finer), round(sum(m.k_frac::numeric * m.k_depth::numeric) / nullif(sum(m.k_frac::numeric) FILTER (WHERE m.k_depth IS NOT NULL), 0), 3)
FROM release.property_map AS m
CROSS JOIN (SELECT 2 * (release.parameter('map_order')::integer - 5) AS finer) AS w
WHERE m.release_id = release.current_id()
GROUP BY m.release_id, m.pixel >> w.finer, w.finer;

SELECT count(*) AS rows FROM release.property_map WHERE release_id = release.current_id();
