-- Choice by coverage (background/survey 3.5, step 4): of scans of a tile that are graded alike, the one that leaves less
-- of the tile open takes the place of a more sensitive one. The planned area of the tile counts, less what the scans
-- chosen for other tiles cover in all bands; tiles are gone through by number, round after round, until none changes. A
-- scan that is worse graded, or not photometric where the chosen one is, never comes in for its coverage: such a tile
-- needs another scan, or a gap-fill tile (mapps release gaps).
--
-- Each change closes coverage_gain_arcmin2 of its tile at least. What it opens for a neighbour is looked at when that
-- neighbour is; 20 rounds end whatever goes in circles.
--
-- Parameters: coverage_gain_arcmin2.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/22_coverage.sql

DO $block$
DECLARE
    contested record;
    best record;
    around int8multirange;
    changes integer;
BEGIN
    FOR round IN 1 .. 20 LOOP
        changes := 0;
        FOR contested IN
            SELECT c.tile, w.score, w.photometric, w.run_id, w.scan_key, v.coverage AS former,
                   coalesce(t.footprint, s.planned_footprint) AS area
            FROM release.scan AS c
            JOIN release.work_scan AS w USING (run_id, scan_key)
            JOIN wsdb.scan_coverage AS v ON v.attempt_id = c.attempt_id AND v.band = '-'
            JOIN survey.scan AS s ON s.scan_key = c.scan_key
            JOIN survey.tile AS t ON t.tile = c.tile
            WHERE c.release_id = release.current_id() AND c.selected
                  AND coalesce(t.footprint, s.planned_footprint) IS NOT NULL
                  AND EXISTS (
                      SELECT FROM release.work_scan AS o
                      WHERE o.tile = c.tile AND o.admitted AND o.score IS NOT DISTINCT FROM w.score
                            AND (o.run_id, o.scan_key) <> (w.run_id, w.scan_key))
            ORDER BY c.tile
        LOOP
            SELECT coalesce(range_agg(v.coverage), '{}') INTO around
            FROM release.scan AS c
            JOIN wsdb.scan_coverage AS v ON v.attempt_id = c.attempt_id AND v.band = '-'
            WHERE c.release_id = release.current_id() AND c.selected AND c.tile <> contested.tile
                  AND v.footprint && contested.area;
            -- Of scans that leave the same area open the better ranked one.
            SELECT o.run_id, o.scan_key, wsdb.area_arcmin2(wanted.cells - v.coverage) AS open_arcmin2,
                   wsdb.area_arcmin2(wanted.cells - contested.former) AS former_arcmin2
            INTO best
            FROM (SELECT wsdb.polygon_cells(contested.area) - around) AS wanted (cells)
            CROSS JOIN release.work_scan AS o
            JOIN wsdb.scan_coverage AS v ON v.attempt_id = o.attempt_id AND v.band = '-'
            WHERE o.tile = contested.tile AND o.admitted AND o.score IS NOT DISTINCT FROM contested.score
                  AND (contested.photometric IS DISTINCT FROM true OR o.photometric)
            ORDER BY 3, o.rank
            LIMIT 1;
            IF best.former_arcmin2 - best.open_arcmin2 >= release.parameter('coverage_gain_arcmin2') THEN
                UPDATE release.scan AS o
                SET selected = NOT o.selected,
                    reason = CASE WHEN o.selected
                        THEN format('leaves %s square arc minutes of its tile open against %s',
                                    round(best.former_arcmin2::numeric, 1), round(best.open_arcmin2::numeric, 1))
                        ELSE format('leaves %s square arc minutes of its tile open, a scan that is graded alike %s',
                                    round(best.open_arcmin2::numeric, 1), round(best.former_arcmin2::numeric, 1))
                    END
                WHERE o.release_id = release.current_id()
                      AND (o.run_id, o.scan_key) IN ((best.run_id, best.scan_key), (contested.run_id, contested.scan_key));
                changes := changes + 1;
            END IF;
        END LOOP;
        EXIT WHEN changes = 0;
    END LOOP;
END
$block$;

SELECT count(*) AS rows FROM release.scan WHERE release_id = release.current_id() AND selected AND rank > 1;
