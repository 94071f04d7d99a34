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
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/45_duplicates.sql

-- The planner takes the comparison of two polygons for as cheap as that of two numbers, but it is 126 us: a small table
-- would be read whole for every scan.
SET enable_seqscan = off;

WITH chosen AS (
    SELECT c.attempt_id, c.scan_key, v.footprint
    FROM release.scan AS c
    JOIN wsdb.scan_coverage AS v ON v.attempt_id = c.attempt_id AND v.band = '-'
    WHERE c.release_id = release.current_id() AND c.selected
),
bounded AS (
    SELECT c.attempt_id, array_agg(n) AS normals
    FROM chosen AS c
    CROSS JOIN LATERAL release.edge_normals(c.attempt_id) AS edge (n)
    GROUP BY c.attempt_id HAVING count(*) = 4
),
-- MATERIALIZED and OFFSET 0 keep the search as written: one probe of the GiST index a scan. A join of `chosen` with itself
-- compares all pairs of scans, 29 s for 480 of them and four times as long for twice as many; a lateral join inside of the
-- statement below may be done anew for each pair.
touching AS MATERIALIZED (
    SELECT a.scan_key, near.attempt_id
    FROM chosen AS a
    CROSS JOIN LATERAL (
        SELECT v.attempt_id FROM wsdb.scan_coverage AS v WHERE v.band = '-' AND v.footprint && a.footprint OFFSET 0
    ) AS near
)
INSERT INTO release.work_overlap (scan_key, other_attempt_id, other_scan_key, normals)
SELECT t.scan_key, b.attempt_id, b.scan_key, n.normals
FROM touching AS t
JOIN chosen AS b ON b.attempt_id = t.attempt_id AND b.scan_key <> t.scan_key
JOIN bounded AS n ON n.attempt_id = b.attempt_id;

RESET enable_seqscan;

SELECT release.analyze('work_overlap');

INSERT INTO release.work_covered (scan_key, first, beyond)
SELECT o.other_scan_key, lower(part), upper(part)
FROM (SELECT DISTINCT other_attempt_id, other_scan_key FROM release.work_overlap) AS o
JOIN wsdb.scan_coverage AS v ON v.attempt_id = o.other_attempt_id AND v.band = '-'
CROSS JOIN LATERAL unnest(v.coverage) AS part;

SELECT release.analyze('work_covered');

WITH limits AS MATERIALIZED (
    SELECT release.parameter('edge_arcsec') AS border_arcsec
),
inside AS (
    SELECT
        c.src_id, c.ra, c.decl, o.other_scan_key,
        least(c.x * o.normals[1][1] + c.y * o.normals[1][2] + c.z * o.normals[1][3],
              c.x * o.normals[2][1] + c.y * o.normals[2][2] + c.z * o.normals[2][3],
              c.x * o.normals[3][1] + c.y * o.normals[3][2] + c.z * o.normals[3][3],
              c.x * o.normals[4][1] + c.y * o.normals[4][2] + c.z * o.normals[4][3]) AS sine
    FROM release.work_candidate AS c
    JOIN release.work_overlap AS o ON o.scan_key = c.scan_key
)
INSERT INTO release.work_coverage (src_id, scan_key, edge_arcsec)
SELECT i.src_id, i.other_scan_key, floor(asind(i.sine) * 3600 + 1e-7)
FROM inside AS i
CROSS JOIN limits AS l
WHERE i.sine > 0 AND i.sine < 1 AND floor(asind(i.sine) * 3600 + 1e-7) > l.border_arcsec
  -- The last range that begins at or before the position's cell: ranges of a scan are disjoint, so no other can hold it.
  AND (SELECT p.beyond FROM release.work_covered AS p
       WHERE p.scan_key = i.other_scan_key AND p.first <= wsdb.cell(i.ra, i.decl)
       ORDER BY p.first DESC LIMIT 1) > wsdb.cell(i.ra, i.decl);

SELECT release.analyze('work_coverage');

WITH involved AS (
    SELECT src_id FROM release.work_group UNION SELECT src_id FROM release.work_coverage
),
apparition AS (
    SELECT c.src_id, coalesce(g.group_id, c.src_id) AS group_id, c.scan_key, c.edge_arcsec
    FROM involved
    JOIN release.work_candidate AS c USING (src_id)
    LEFT JOIN release.work_group AS g USING (src_id)
),
-- One line for each scan that saw, or could have seen, something of the group.
sighting AS (
    SELECT
        group_id, scan_key, bool_or(is_real) AS is_real, count(*) FILTER (WHERE is_real) AS times,
        coalesce(max(edge_arcsec) FILTER (WHERE is_real), max(edge_arcsec)) AS edge_arcsec
    FROM (
        SELECT group_id, scan_key, edge_arcsec, true AS is_real FROM apparition
        UNION ALL
        SELECT a.group_id, v.scan_key, v.edge_arcsec, false FROM release.work_coverage AS v JOIN apparition AS a USING (src_id)
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
    SELECT DISTINCT ON (v.group_id) v.group_id, a.src_id
    FROM verdict AS v
    JOIN apparition AS a USING (group_id, scan_key)
    ORDER BY v.group_id, a.edge_arcsec DESC, a.src_id
)
INSERT INTO release.work_resolution (src_id, use_src, dup_src, winner_src_id)
SELECT
    a.src_id, (a.scan_key = v.scan_key)::integer, v.dup_src, CASE WHEN a.scan_key <> v.scan_key THEN w.src_id END
FROM apparition AS a
JOIN verdict AS v USING (group_id)
LEFT JOIN winner AS w USING (group_id);

SELECT release.analyze('work_resolution');

SELECT count(*) AS rows FROM release.work_resolution;
