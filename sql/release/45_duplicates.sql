-- Which apparition is released: the one farthest from the edges of its own scan, whether or not it is the best measured
-- (background/survey 5.4). A selected scan that covers the position inside its safety border without a candidate
-- there counts as a virtual apparition, so that overlaps do not get deeper from more chances of detection.
--
-- winner   largest min(distance to E/W edge, distance to N/S edge); equal distances: a real one, then the smaller scan_key, which
--          is the earlier night
-- use_src  1 for the rows of the winning scan in the group, 0 for the others, and for all when the winner is virtual
-- dup_src  0 seen by one scan only, 1 by several, 2 by several and not equally often (a confused group)
--
-- All rows that the winning scan has in a group win: pairs within one scan are no duplicates. Rows that no other scan
-- could have seen stand in no group: use_src 1, dup_src 0. Edges are those of what all bands of the scan cover in the
-- chosen attempt (wsdb.scan_coverage). To be covered a position must also lie in one of its HEALPix cells, because the
-- corners of a scan with missing images enclose the gap.
--
-- Parameters: edge_arcsec.
-- By hand:    in the session of 30_candidates.sql

CREATE TEMPORARY TABLE zone_coverage AS
WITH limits AS MATERIALIZED (
    SELECT release.parameter('edge_arcsec') AS border_arcsec
),
inside AS (
    SELECT
        c.src_id, c.ra, c.decl, o.other_scan_key,
        least(c.x * o.a_x + c.y * o.a_y + c.z * o.a_z, c.x * o.b_x + c.y * o.b_y + c.z * o.b_z,
              c.x * o.c_x + c.y * o.c_y + c.z * o.c_z, c.x * o.d_x + c.y * o.d_y + c.z * o.d_z) AS sine
    FROM zone_candidate AS c
    -- Most rows are outside by one of the edges.
    JOIN release.work_overlap AS o
        ON o.scan_key = c.scan_key
           AND c.x * o.c_x + c.y * o.c_y + c.z * o.c_z > 0 AND c.x * o.d_x + c.y * o.d_y + c.z * o.d_z > 0
           AND c.x * o.a_x + c.y * o.a_y + c.z * o.a_z > 0 AND c.x * o.b_x + c.y * o.b_y + c.z * o.b_z > 0
),
within AS (
    SELECT i.*, floor(asind(i.sine) * 3600 + 1e-7)::integer AS edge_arcsec, wsdb.cell(i.ra, i.decl) AS cell
    FROM inside AS i
    WHERE i.sine < 1
    OFFSET 0
)
SELECT i.src_id, i.other_scan_key AS scan_key, i.edge_arcsec
FROM within AS i
CROSS JOIN limits AS l
WHERE i.edge_arcsec > l.border_arcsec
  -- The last range that begins at or before the position's cell: ranges of a scan are disjoint, so no other can hold it.
  AND (SELECT p.beyond FROM release.work_covered AS p
       WHERE p.scan_key = i.other_scan_key AND p.first <= i.cell
       ORDER BY p.first DESC LIMIT 1) > i.cell;

ANALYZE zone_coverage;

CREATE TEMPORARY TABLE zone_resolution AS
WITH involved AS (
    SELECT src_id FROM zone_group UNION SELECT src_id FROM zone_coverage
),
apparition AS (
    SELECT c.src_id, c.core, coalesce(g.group_id, c.src_id) AS group_id, c.run_id, c.scan_key, c.edge_arcsec
    FROM involved
    JOIN zone_candidate AS c USING (src_id)
    LEFT JOIN zone_group AS g USING (src_id)
),
-- One line for each scan that saw, or could have seen, something of the group.
sighting AS (
    SELECT
        group_id, scan_key, bool_or(is_real) AS is_real, count(*) FILTER (WHERE is_real) AS times,
        coalesce(max(edge_arcsec) FILTER (WHERE is_real), max(edge_arcsec)) AS edge_arcsec
    FROM (
        SELECT group_id, scan_key, edge_arcsec, true AS is_real FROM apparition
        UNION ALL
        SELECT a.group_id, v.scan_key, v.edge_arcsec, false FROM zone_coverage AS v JOIN apparition AS a USING (src_id)
    ) AS either
    GROUP BY group_id, scan_key
),
verdict AS (
    SELECT
        group_id,
        (array_agg(scan_key ORDER BY edge_arcsec DESC, is_real DESC, scan_key))[1] AS scan_key,
        CASE
            WHEN count(*) FILTER (WHERE is_real) = 1 THEN 0
            WHEN min(times) FILTER (WHERE is_real) = max(times) THEN 1
            ELSE 2
        END AS dup_src
    FROM sighting
    GROUP BY group_id
),
winner AS (
    SELECT DISTINCT ON (v.group_id) v.group_id, a.src_id, a.run_id
    FROM verdict AS v
    JOIN apparition AS a USING (group_id, scan_key)
    ORDER BY v.group_id, a.edge_arcsec DESC, a.src_id
)
SELECT
    a.src_id, a.core, (a.scan_key = v.scan_key)::integer AS use_src, v.dup_src,
    CASE WHEN a.scan_key <> v.scan_key THEN w.src_id END AS winner_src_id,
    CASE WHEN a.scan_key <> v.scan_key THEN w.run_id END AS winner_run_id
FROM apparition AS a
JOIN verdict AS v USING (group_id)
LEFT JOIN winner AS w USING (group_id);

ANALYZE zone_resolution (src_id);

SELECT count(*) AS rows FROM zone_resolution WHERE core;
