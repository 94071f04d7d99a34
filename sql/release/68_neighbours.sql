-- The nearest neighbour of every row of the zone among those of the final catalogue: distance, direction, key (background/survey
-- 6.6). Equal distances: the smaller key.
--
-- Round after round with twice the radius, for the rows that have none yet. What is nearest within the radius is nearest of
-- all, so the result does not depend on the radii. Rows are sorted into strips of the plane of the zone, along each strip: a
-- probe is a search in the two strips that its circle touches, or the few more of later rounds. What is nearest outside of the
-- margin of 100 arcsec is found by 72_lonely.sql.
--
-- Parameters: neighbour_arcsec (first radius, at least).
-- By hand:    this file and 70_point_sources.sql in one session, as for 30_candidates.sql

-- A small sample tells how large the tables are, as in 30_candidates.sql.
SET default_statistics_target = 10;

-- The first radius: a circle around a row has two and a half others in the mean, so that 92 % of the rows find one. How
-- dense the sky is around the rows is told by HEALPix pixels of order 11 (103 arcsec): that of a row has one row more than any other.
CREATE TEMPORARY TABLE zone_first AS
SELECT least(100, greatest(release.parameter('neighbour_arcsec'),
                           103 * sqrt(2.5 / pi() / greatest(sum(n.rows ^ 2) / sum(n.rows) - 1, 1e-3)))) AS arcsec
FROM release.work_zone AS z
CROSS JOIN LATERAL (
    SELECT count(*) AS rows FROM release.work_zone_member AS m
    WHERE m.src_id >= z.low AND m.src_id < z.high GROUP BY m.src_id >> 37
) AS n
WHERE z.zone = release.current_zone();

-- Strips are as high as the first circle is wide. Rows of a strip lie together, so that a search reads one or two pages.
CREATE TEMPORARY TABLE zone_strip AS
WITH near AS (
    SELECT z.zone, z.low, z.high FROM release.work_zone AS z WHERE z.zone = release.current_zone()
    UNION ALL
    SELECT g.zone, g.low, g.high FROM release.work_margin AS g WHERE g.zone = release.current_zone()
)
SELECT
    floor(placed.v / (SELECT 2 * release.chord(f.arcsec) FROM zone_first AS f))::integer AS strip, placed.u, placed.v, placed.pts_key,
    placed.core, placed.x, placed.y, placed.z, placed.ra, placed.decl
FROM (
    SELECT
        f.first_key + m.number AS pts_key, m.zone = z.zone AS core, m.x, m.y, m.z, m.ra, m.decl,
        m.x * z.east_x + m.y * z.east_y + m.z * z.east_z AS u, m.x * z.north_x + m.y * z.north_y + m.z * z.north_z AS v
    FROM near
    JOIN release.work_zone AS z ON z.zone = near.zone
    CROSS JOIN LATERAL (
        SELECT * FROM release.work_zone_member AS q WHERE q.src_id >= near.low AND q.src_id < near.high OFFSET 0
    ) AS m
    JOIN release.work_zone AS f ON f.zone = m.zone
    OFFSET 0
) AS placed
ORDER BY 1, 2;

CREATE INDEX ON zone_strip (strip, u);

ANALYZE zone_strip (strip, pts_key, core);

CREATE TEMPORARY TABLE zone_neighbour (pts_key integer, pxcntr integer, prox real, pxpa smallint);

DO $rounds$
DECLARE
    arcsec double precision := (SELECT f.arcsec FROM zone_first AS f);
    height double precision := 2 * release.chord(arcsec);
    reach double precision;
BEGIN
    -- One search of the index a row, as written: the planner knows nothing of how the sky is filled.
    PERFORM set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
            set_config('enable_material', 'off', true);
    reach := release.chord(arcsec) * (1 + 1e-12);
    -- Rows that find nobody are there too, without a neighbour: so they need not be looked for.
    INSERT INTO zone_neighbour (pts_key, pxcntr, prox, pxpa)
    SELECT p.pts_key, n.pts_key, degrees(2 * asin(least(1, sqrt(n.squared) / 2))) * 3600,
           release.position_angle(p.ra, p.decl, n.ra, n.decl)
    FROM zone_strip AS p
    LEFT JOIN LATERAL (
        SELECT b.pts_key, (p.x - b.x) * (p.x - b.x) + (p.y - b.y) * (p.y - b.y) + (p.z - b.z) * (p.z - b.z) AS squared, b.ra, b.decl
        FROM zone_strip AS b
        WHERE b.strip = ANY (ARRAY[floor((p.v - reach) / height)::integer, floor((p.v + reach) / height)::integer])
          AND b.u BETWEEN p.u - reach AND p.u + reach AND b.pts_key <> p.pts_key
        ORDER BY 2, 1 LIMIT 1
    ) AS n ON n.squared <= reach * reach
    WHERE p.core;
    PERFORM set_config('enable_seqscan', 'on', true);
    ANALYZE zone_neighbour (pts_key, pxcntr);
    CREATE TEMPORARY TABLE zone_left AS
    SELECT a.pts_key, a.u, a.v, a.x, a.y, a.z, a.ra, a.decl FROM zone_strip AS a
    JOIN zone_neighbour AS n ON n.pts_key = a.pts_key
    WHERE a.core AND n.pxcntr IS NULL;
    DELETE FROM zone_neighbour AS n WHERE n.pxcntr IS NULL;
    WHILE arcsec < 100 LOOP
        arcsec := least(2 * arcsec, 100);
        reach := release.chord(arcsec) * (1 + 1e-12);
        PERFORM set_config('enable_seqscan', 'off', true);
        CREATE TEMPORARY TABLE zone_found AS
        SELECT p.pts_key, n.pts_key AS pxcntr, (degrees(2 * asin(least(1, sqrt(n.squared) / 2))) * 3600)::real AS prox,
               release.position_angle(p.ra, p.decl, n.ra, n.decl) AS pxpa
        FROM (
            -- The strips that the circle touches, once a row.
            SELECT q.*, ARRAY(SELECT generate_series(floor((q.v - reach) / height)::integer, floor((q.v + reach) / height)::integer)) AS strips
            FROM zone_left AS q OFFSET 0
        ) AS p
        CROSS JOIN LATERAL (
            SELECT b.pts_key, (p.x - b.x) * (p.x - b.x) + (p.y - b.y) * (p.y - b.y) + (p.z - b.z) * (p.z - b.z) AS squared, b.ra, b.decl
            FROM zone_strip AS b
            WHERE b.strip = ANY (p.strips) AND b.u BETWEEN p.u - reach AND p.u + reach AND b.pts_key <> p.pts_key
            ORDER BY 2, 1 LIMIT 1
        ) AS n
        WHERE n.squared <= reach * reach;
        PERFORM set_config('enable_seqscan', 'on', true);
        INSERT INTO zone_neighbour (pts_key, pxcntr, prox, pxpa) SELECT n.pts_key, n.pxcntr, n.prox, n.pxpa FROM zone_found AS n;
        DELETE FROM zone_left AS p USING zone_found AS n WHERE n.pts_key = p.pts_key;
        DROP TABLE zone_found;
    END LOOP;
    PERFORM set_config('enable_bitmapscan', 'on', true), set_config('enable_material', 'on', true);
END
$rounds$;

INSERT INTO release.work_lonely (pts_key) SELECT p.pts_key FROM zone_left AS p;

DROP TABLE zone_left, zone_strip, zone_first;

SELECT count(*) AS rows FROM zone_neighbour;
