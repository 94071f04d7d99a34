-- Apparitions of one object: candidates of different scans closer than 2 arcsec, by position only, and the groups they
-- form (background/survey 5.4), with those in the margin of the zone. Close pairs within one scan are no duplicates: they make no pair.
--
-- Parameters: match_arcsec, cell_arcsec (more than twice match_arcsec).
-- By hand:    in the session of 30_candidates.sql

-- The planner expects many more pairs than there are, and would sort the rows and their probes.
SET enable_mergejoin = off;

CREATE TEMPORARY TABLE zone_pair AS
WITH limits AS MATERIALIZED (
    SELECT release.chord(release.parameter('match_arcsec')) AS reach, release.chord(release.parameter('cell_arcsec')) AS size
),
-- Cells wider than twice the reach: a circle touches two at most on each axis. OFFSET 0 lets them be computed once a row.
placed AS (
    SELECT
        c.src_id, c.core, c.scan_key, c.x, c.y, c.z, l.reach ^ 2 AS reach_squared, floor(c.u / l.size)::bigint AS i, floor(c.v / l.size)::bigint AS j,
        floor((c.u - l.reach) / l.size)::bigint AS i_low, floor((c.u + l.reach) / l.size)::bigint AS i_high,
        floor((c.v - l.reach) / l.size)::bigint AS j_low, floor((c.v + l.reach) / l.size)::bigint AS j_high
    FROM zone_candidate AS c
    CROSS JOIN limits AS l
    OFFSET 0
),
probe AS (
    SELECT p.src_id, p.core, p.scan_key, p.x, p.y, p.z, p.reach_squared, (i_low << 21) + j_low AS cell FROM placed AS p
    UNION ALL
    SELECT p.src_id, p.core, p.scan_key, p.x, p.y, p.z, p.reach_squared, (i_high << 21) + j_low FROM placed AS p WHERE i_high > i_low
    UNION ALL
    SELECT p.src_id, p.core, p.scan_key, p.x, p.y, p.z, p.reach_squared, (i_low << 21) + j_high FROM placed AS p WHERE j_high > j_low
    UNION ALL
    SELECT p.src_id, p.core, p.scan_key, p.x, p.y, p.z, p.reach_squared, (i_high << 21) + j_high FROM placed AS p
    WHERE i_high > i_low AND j_high > j_low
)
SELECT p.src_id, p.core, b.src_id AS other_src_id
FROM probe AS p
JOIN placed AS b ON (b.i << 21) + b.j = p.cell
WHERE p.scan_key <> b.scan_key
  AND (p.x - b.x) * (p.x - b.x) + (p.y - b.y) * (p.y - b.y) + (p.z - b.z) * (p.z - b.z) < p.reach_squared;

RESET enable_mergejoin;

ANALYZE zone_pair;

CREATE TEMPORARY TABLE zone_group AS
SELECT p.src_id, bool_or(p.core) AS core, least(p.src_id, min(p.other_src_id)) AS group_id FROM zone_pair AS p GROUP BY p.src_id;

ANALYZE zone_group;

-- The smallest name spreads along the pairs until nothing changes: as many rounds as the longest chain has links (two or
-- three; a chain of n needs n scans to overlap or a row of stars 2 arcsec apart).
DO $spread$
DECLARE
    longest bigint;
BEGIN
    LOOP
        UPDATE zone_group AS g
        SET group_id = smaller.group_id
        FROM (
            SELECT p.src_id, min(o.group_id) AS group_id
            FROM zone_pair AS p
            JOIN zone_group AS o ON o.src_id = p.other_src_id
            GROUP BY p.src_id
        ) AS smaller
        WHERE smaller.src_id = g.src_id AND smaller.group_id < g.group_id;
        EXIT WHEN NOT FOUND;
    END LOOP;
    -- Each zone decides every group that touches it, from its own rows and its margin of 100 arcsec: a longer chain would be
    -- decided otherwise by the zones that see other parts of it.
    SELECT max(rows) INTO longest FROM (SELECT count(*) AS rows FROM zone_group GROUP BY group_id) AS counted;
    IF (longest - 1) * release.parameter('match_arcsec') > 95 AND EXISTS (SELECT FROM release.work_margin) THEN
        RAISE EXCEPTION '% apparitions in a chain: more than the margin of a zone holds', longest
            USING HINT = 'Draw the release in one zone (--zones 1), or with a smaller match_arcsec.';
    END IF;
END
$spread$;

SELECT count(*) AS rows FROM zone_group WHERE core;
