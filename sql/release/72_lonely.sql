-- The catalogue gets its primary key and its place among the others, and its lonely rows their neighbours: those that have
-- none within 100 arcsec, whose zone cannot see what is nearest. A catalogue of a single row has no neighbour.
--
-- Round after round with twice the radius, for the rows that have none yet. A round reads the catalogue once, and the few rows
-- around each row that is left, however lonely: rows left over are farther apart than the radius before.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/72_lonely.sql

SELECT release.attach_partitions(release.current_id());

SELECT release.analyze('work_lonely');

DO $rounds$
DECLARE
    arcsec double precision := 200;
    before text := current_setting('enable_nestloop');
    reach double precision;
    lonely bigint;
BEGIN
    -- The planner knows nothing of how cells of this size fill; a nested loop over the catalogue would never end.
    PERFORM set_config('enable_nestloop', 'off', true);
    CREATE TEMPORARY TABLE found (pts_key integer PRIMARY KEY, pxcntr integer, prox real);
    SELECT count(*) INTO lonely FROM release.work_lonely;
    IF (SELECT sum(members) FROM release.work_zone) = 1 THEN
        lonely := 0;
    END IF;
    WHILE lonely > 0 LOOP
        reach := release.chord(arcsec) * (1 + 1e-12);
        -- MATERIALIZED: a plain join of two tables follows, which may spill to disk. As a loop over rows it would build
        -- the hash table of the whole catalogue anew for each row as soon as that table does not fit into memory.
        WITH probe AS MATERIALIZED (
            SELECT m.pts_key, m.x, m.y, m.z, near.cell
            FROM release.work_lonely AS o
            JOIN release.work_member AS m USING (pts_key)
            CROSS JOIN LATERAL release.cells_within(m.x, m.y, m.z, reach, 4 * reach) AS near (cell)
            WHERE NOT EXISTS (SELECT FROM found AS n WHERE n.pts_key = m.pts_key)
        )
        INSERT INTO found (pts_key, pxcntr, prox)
        SELECT DISTINCT ON (p.pts_key)
            p.pts_key, b.pts_key, degrees(2 * asin(least(1, sqrt(separation.squared) / 2))) * 3600
        FROM probe AS p
        JOIN release.work_member AS b ON release.cell(b.x, b.y, b.z, 4 * reach) = p.cell
        CROSS JOIN LATERAL (
            SELECT (p.x - b.x) * (p.x - b.x) + (p.y - b.y) * (p.y - b.y) + (p.z - b.z) * (p.z - b.z)
        ) AS separation (squared)
        WHERE b.pts_key <> p.pts_key AND separation.squared <= reach * reach
        ORDER BY p.pts_key, separation.squared, b.pts_key;
        SELECT count(*) INTO lonely FROM release.work_lonely AS o
        WHERE NOT EXISTS (SELECT FROM found AS n WHERE n.pts_key = o.pts_key);
        arcsec := 2 * arcsec;
    END LOOP;
    PERFORM set_config('enable_nestloop', before, true);
    ANALYZE found;
    UPDATE release.psc AS p
    SET prox = n.prox, pxcntr = n.pxcntr, pxpa = release.position_angle(p.ra, p.decl, b.ra, b.decl)
    FROM found AS n
    JOIN release.work_member AS b ON b.pts_key = n.pxcntr
    WHERE p.release_id = release.current_id() AND p.pts_key = n.pts_key;
    DROP TABLE found;
END
$rounds$;

SELECT count(*) AS rows FROM release.work_lonely;
