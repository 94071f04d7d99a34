-- Which chosen scans overlap, with the planes through the edges of the other one, and what these scans cover. Edges are those
-- of what all bands of a scan cover in the chosen attempt (wsdb.scan_coverage).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/24_overlaps.sql

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
INSERT INTO release.work_overlap (
    scan_key, other_attempt_id, other_scan_key, normals, a_x, a_y, a_z, b_x, b_y, b_z, c_x, c_y, c_z, d_x, d_y, d_z)
SELECT
    t.scan_key, b.attempt_id, b.scan_key, n.normals,
    n.normals[1][1], n.normals[1][2], n.normals[1][3], n.normals[2][1], n.normals[2][2], n.normals[2][3],
    n.normals[3][1], n.normals[3][2], n.normals[3][3], n.normals[4][1], n.normals[4][2], n.normals[4][3]
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

SELECT count(*) AS rows FROM release.work_overlap;
