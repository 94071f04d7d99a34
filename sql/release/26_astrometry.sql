-- The astrometric solutions of the release: what the nights of its selected scans had adopted when it was drawn (background/survey
-- 2.12). All places of the release are seen through them, as its magnitudes through 25_solutions.sql; the build refuses a run
-- that has adopted one and does not have all of its selected scans placed as they are now (build/unplaced_scans.sql).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/26_astrometry.sql

INSERT INTO release.astrometry (release_id, run_id, night_id, astrometry_id, content_hash)
SELECT DISTINCT s.release_id, s.run_id, s.scan_key >> 10, g.astrometry_id, q.content_hash
FROM release.scan AS s
JOIN calibration.adopted_place AS g ON g.run_id = s.run_id AND g.scan_key = s.scan_key AND g.attempt_id = s.attempt_id
JOIN calibration.astrometry AS q ON q.astrometry_id = g.astrometry_id
WHERE s.release_id = release.current_id() AND s.selected;

SELECT count(*) AS rows FROM release.astrometry WHERE release_id = release.current_id();
