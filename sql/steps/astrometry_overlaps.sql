-- How the places of scans of a run differ where they overlap: a row a pair of segments, with the median differences of place, first
-- less second scan, east and north. Stars stand alone, are fitted well in a band, lie off the edges and are no galaxies
-- and no artefacts. Two rows of one star lie in one HEALPix cell of src_id (52"): of those beside its border some are lost.
-- Places along the scans are means of whole microdegrees, so that the order of rows does not matter.
--
-- Parameters: run_id; attempt_ids, scan_keys, south_deg, segment_deg, side by side; segments, snr, match_arcsec, least_stars.
WITH chosen AS MATERIALIZED (
    SELECT u.attempt_id, u.scan_key, u.south, u.segment
    FROM unnest(%(attempt_ids)s::bigint[], %(scan_keys)s::integer[], %(south_deg)s::float8[], %(segment_deg)s::float8[])
        AS u (attempt_id, scan_key, south, segment)
),
star AS MATERIALIZED (
    SELECT
        p.src_id >> 35 AS cell, c.scan_key, p.ra, p.decl, p.src_id, (p.decl * 1e6)::bigint AS decl_udeg, c.south, c.segment,
        least(%(segments)s - 1, greatest(0, floor((p.decl - c.south) / c.segment)))::integer AS number
    FROM wsdb.point_measurement AS p
    JOIN chosen AS c USING (attempt_id)
    WHERE p.run_id = %(run_id)s
      AND (p.rd_flg ~ '^2' AND p.bl_flg ~ '^1' AND p.j_snr > %(snr)s::float8
           OR p.rd_flg ~ '^.2' AND p.bl_flg ~ '^.1' AND p.h_snr > %(snr)s::float8
           OR p.rd_flg ~ '2$' AND p.bl_flg ~ '1$' AND p.k_snr > %(snr)s::float8)
      AND p.bl_flg !~ '2' AND p.cc_flg COLLATE "C" !~ '[A-Zcdp]' AND p.dist_edge_ns > 5 AND p.dist_edge_ew > 5
      AND NOT EXISTS (SELECT FROM wsdb.extended_measurement AS e WHERE e.run_id = %(run_id)s AND e.src_id = p.src_id)
),
pair AS (
    SELECT
        a.scan_key AS scan_a, b.scan_key AS scan_b, a.number AS number_a, b.number AS number_b, a.decl_udeg, a.south AS south_a,
        a.segment AS segment_a, b.south AS south_b, b.segment AS segment_b,
        ((a.ra - b.ra + 540)::numeric %% 360 - 180)::float8 * cosd((a.decl + b.decl) / 2) * 3600 AS east, (a.decl - b.decl) * 3600 AS north
    FROM star AS a
    JOIN star AS b ON b.cell = a.cell AND b.scan_key > a.scan_key
    WHERE abs(a.decl - b.decl) * 3600 < %(match_arcsec)s::float8
),
measured AS (
    SELECT
        scan_a, scan_b, number_a, number_b, south_a, segment_a, south_b, segment_b, count(*) AS stars,
        sum(decl_udeg)::float8 / count(*) / 1e6 AS decl,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY east) AS east, percentile_cont(0.5) WITHIN GROUP (ORDER BY north) AS north
    FROM pair
    WHERE east ^ 2 + north ^ 2 < %(match_arcsec)s::float8 ^ 2
    GROUP BY scan_a, scan_b, number_a, number_b, south_a, segment_a, south_b, segment_b
)
SELECT scan_a, scan_b, (decl - south_a) / segment_a AS along_a, (decl - south_b) / segment_b AS along_b, stars, east, north
FROM measured
WHERE stars >= %(least_stars)s
ORDER BY scan_a, scan_b, number_a, number_b
