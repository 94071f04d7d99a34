-- The nearest neighbour of every row of the final catalogue: distance, direction, key (background/survey 6.6). Equal
-- distances: the smaller key. A catalogue of a single row has no neighbour.
--
-- Round after round with twice the radius, for the rows that have none yet. What is nearest within the
-- radius is nearest of all, so the result does not depend on the radii. A round costs the catalogue once plus the few
-- rows around each row that is left, however lonely: rows left over are farther apart than the radius before.
--
-- Parameters: neighbour_arcsec (first radius).
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/55_neighbours.sql

DO $rounds$
DECLARE
    arcsec double precision := release.parameter('neighbour_arcsec');
    before text := current_setting('enable_nestloop');
    reach double precision;
    lonely bigint;
BEGIN
    -- The planner knows nothing of how cells of this size fill; a nested loop over the catalogue would never end.
    PERFORM set_config('enable_nestloop', 'off', true);
    SELECT count(*) INTO lonely FROM release.work_member;
    IF lonely = 1 THEN
        lonely := 0;
    END IF;
    WHILE lonely > 0 LOOP
        reach := release.chord(arcsec) * (1 + 1e-12);
        -- MATERIALIZED: a plain join of two tables follows, which may spill to disk. As a loop over rows it would build
        -- the hash table of the whole catalogue anew for each row as soon as that table does not fit into memory.
        WITH probe AS MATERIALIZED (
            SELECT m.pts_key, m.x, m.y, m.z, near.cell
            FROM release.work_member AS m
            CROSS JOIN LATERAL release.cells_within(m.x, m.y, m.z, reach, 4 * reach) AS near (cell)
            WHERE NOT EXISTS (SELECT FROM release.work_neighbour AS n WHERE n.pts_key = m.pts_key)
        )
        INSERT INTO release.work_neighbour (pts_key, pxcntr, prox)
        SELECT DISTINCT ON (p.pts_key)
            p.pts_key, b.pts_key, degrees(2 * asin(least(1, sqrt(separation.squared) / 2))) * 3600
        FROM probe AS p
        JOIN release.work_member AS b ON release.cell(b.x, b.y, b.z, 4 * reach) = p.cell
        CROSS JOIN LATERAL (SELECT (p.x - b.x) ^ 2 + (p.y - b.y) ^ 2 + (p.z - b.z) ^ 2) AS separation (squared)
        WHERE b.pts_key <> p.pts_key AND separation.squared <= reach ^ 2
        ORDER BY p.pts_key, separation.squared, b.pts_key;
        SELECT count(*) INTO lonely FROM release.work_member AS m
        WHERE NOT EXISTS (SELECT FROM release.work_neighbour AS n WHERE n.pts_key = m.pts_key);
        arcsec := 2 * arcsec;
    END LOOP;
    PERFORM set_config('enable_nestloop', before, true);
END
$rounds$;

SELECT release.analyze('work_neighbour');

SELECT count(*) AS rows FROM release.work_neighbour;
