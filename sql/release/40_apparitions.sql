-- Apparitions of one object: candidates of different scans closer than 2 arcsec, by position only, and the groups they
-- form (background/survey 5.4). Close pairs within one scan are no duplicates: they make no pair.
--
-- Parameters: match_arcsec, cell_arcsec (more than twice match_arcsec).
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/40_apparitions.sql

WITH limits AS MATERIALIZED (
    SELECT release.chord(release.parameter('match_arcsec')) AS reach, release.chord(release.parameter('cell_arcsec')) AS size
),
-- MATERIALIZED keeps the join below one of two tables, which may spill to disk, instead of a loop over rows.
probe AS MATERIALIZED (
    SELECT a.src_id, a.scan_key, a.x, a.y, a.z, near.cell
    FROM release.work_candidate AS a
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_within(a.x, a.y, a.z, l.reach, l.size) AS near (cell)
)
INSERT INTO release.work_pair (src_id, other_src_id)
SELECT p.src_id, b.src_id
FROM probe AS p
JOIN release.work_candidate AS b ON b.cell = p.cell
CROSS JOIN limits AS l
WHERE p.scan_key <> b.scan_key
  AND (p.x - b.x) ^ 2 + (p.y - b.y) ^ 2 + (p.z - b.z) ^ 2 < l.reach ^ 2;

SELECT release.analyze('work_pair');

INSERT INTO release.work_group (src_id, group_id)
SELECT p.src_id, least(p.src_id, min(p.other_src_id)) FROM release.work_pair AS p GROUP BY p.src_id;

SELECT release.analyze('work_group');

-- The smallest name spreads along the pairs until nothing changes: as many rounds as the longest chain has links (two or
-- three; a chain of n needs n scans to overlap or a row of stars 2 arcsec apart).
DO $spread$
BEGIN
    LOOP
        UPDATE release.work_group AS g
        SET group_id = smaller.group_id
        FROM (
            SELECT p.src_id, min(o.group_id) AS group_id
            FROM release.work_pair AS p
            JOIN release.work_group AS o ON o.src_id = p.other_src_id
            GROUP BY p.src_id
        ) AS smaller
        WHERE smaller.src_id = g.src_id AND smaller.group_id < g.group_id;
        EXIT WHEN NOT FOUND;
    END LOOP;
END
$spread$;

SELECT count(*) AS rows FROM release.work_group;
