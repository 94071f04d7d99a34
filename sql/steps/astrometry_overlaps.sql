-- How the places of scans of a run differ where they overlap: a row a pair of segments, with the mean direction of its stars and the
-- median difference of directions, first less second scan, in arcsec of space. Stars stand alone, are fitted well in a band, lie off
-- the edges and are no galaxies and no artefacts. Two rows of one star lie in one HEALPix cell of src_id (52"): of those beside its
-- border some are lost. Mean directions are of whole billionths, so that the order of rows does not matter.
--
-- Parameters: run_id; attempt_ids, scan_keys, directed, ahead_x, ahead_y, ahead_z, start, segment, count, side by side; snr,
-- match_arcsec, least_stars.
WITH chosen AS MATERIALIZED (
    SELECT u.*
    FROM unnest(%(attempt_ids)s::bigint[], %(scan_keys)s::integer[], %(directed)s::boolean[], %(ahead_x)s::float8[], %(ahead_y)s::float8[],
                %(ahead_z)s::float8[], %(start)s::float8[], %(segment)s::float8[], %(count)s::integer[])
        AS u (attempt_id, scan_key, directed, ahead_x, ahead_y, ahead_z, start, segment, count)
),
star AS MATERIALIZED (
    SELECT p.src_id >> 35 AS cell, c.scan_key, p.decl, u.x, u.y, u.z, least(c.count - 1, greatest(0, floor(place.along)))::integer AS number
    FROM wsdb.point_measurement AS p
    JOIN chosen AS c USING (attempt_id)
    CROSS JOIN LATERAL (
        SELECT cosd(p.decl) * cosd(p.ra) AS x, cosd(p.decl) * sind(p.ra) AS y, sind(p.decl) AS z OFFSET 0
    ) AS u
    CROSS JOIN LATERAL (
        SELECT (CASE WHEN c.directed THEN u.x * c.ahead_x + u.y * c.ahead_y + u.z * c.ahead_z ELSE p.decl END - c.start) / c.segment AS along
    ) AS place
    WHERE p.run_id = %(run_id)s
      AND (p.rd_flg ~ '^2' AND p.bl_flg ~ '^1' AND p.j_snr > %(snr)s::float8
           OR p.rd_flg ~ '^.2' AND p.bl_flg ~ '^.1' AND p.h_snr > %(snr)s::float8
           OR p.rd_flg ~ '2$' AND p.bl_flg ~ '1$' AND p.k_snr > %(snr)s::float8)
      AND p.bl_flg !~ '2' AND p.cc_flg COLLATE "C" !~ '[A-Zcdp]' AND p.dist_edge_ns > 5 AND p.dist_edge_ew > 5
      AND NOT EXISTS (SELECT FROM wsdb.extended_measurement AS e WHERE e.run_id = %(run_id)s AND e.src_id = p.src_id)
),
pair AS (
    SELECT
        a.scan_key AS scan_a, b.scan_key AS scan_b, a.number AS number_a, b.number AS number_b, a.x, a.y, a.z,
        degrees(a.x - b.x) * 3600 AS dx, degrees(a.y - b.y) * 3600 AS dy, degrees(a.z - b.z) * 3600 AS dz
    FROM star AS a
    JOIN star AS b ON b.cell = a.cell AND b.scan_key > a.scan_key
    WHERE abs(a.decl - b.decl) * 3600 < %(match_arcsec)s::float8
)
SELECT
    scan_a, scan_b, count(*) AS stars, sum((x * 1e9)::bigint)::float8 AS x, sum((y * 1e9)::bigint)::float8 AS y,
    sum((z * 1e9)::bigint)::float8 AS z, percentile_cont(0.5) WITHIN GROUP (ORDER BY dx) AS dx,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY dy) AS dy, percentile_cont(0.5) WITHIN GROUP (ORDER BY dz) AS dz
FROM pair
WHERE dx ^ 2 + dy ^ 2 + dz ^ 2 < %(match_arcsec)s::float8 ^ 2
GROUP BY scan_a, scan_b, number_a, number_b
HAVING count(*) >= %(least_stars)s
ORDER BY scan_a, scan_b, number_a, number_b
