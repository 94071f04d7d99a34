-- Zones: parts of the sky that are worked through one by one, by any number of processes, each a range of src_id, which runs
-- along the HEALPix curve, with a margin of 100 arcsec around it. mapps release build makes as many as the rows ask for
-- (app/releases/zones.py); without any, zone 0 is the whole sky. No row of a release depends on the zones.
--
-- Zones are committed one by one, so what the database holds at this moment is noted: attempts that come later are not looked
-- at, and a release whose scans were reduced or calibrated anew meanwhile is refused (build/moment.sql).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/28_zones.sql

-- The whole sky has 12 x 4^12 pixels, 35 bits before the end of a src_id; any plane will do.
INSERT INTO release.work_zone (zone, low, high, rows, east_x, east_y, east_z, north_x, north_y, north_z)
SELECT 0, 0, 12::bigint << 59, 0, 0, 1, 0, 0, 0, 1
WHERE NOT EXISTS (SELECT FROM release.work_zone);

INSERT INTO release.work_moment (release_id, newest_attempt, open_attempts, state)
SELECT
    release.current_id(),
    coalesce(max(a.attempt_id), 0),
    coalesce(array_agg(a.attempt_id) FILTER (
        WHERE a.ended_at IS NULL
          AND NOT EXISTS (SELECT FROM wsdb.point_measurement AS p WHERE p.run_id = a.run_id AND p.attempt_id = a.attempt_id)
    ), '{}'),
    'unknown'
FROM release.parent_run AS r
JOIN production.attempt AS a ON a.run_id = r.run_id
WHERE r.release_id = release.current_id();

UPDATE release.work_moment SET state = coalesce(release.moment_state(), '');

SELECT release.analyze('work_zone');

SELECT release.analyze('work_margin');

-- Not the number of zones: what is recorded of a release does not depend on them.
SELECT count(*) AS rows FROM release.work_moment;
