-- The photometric solutions of the release: what the nights of its selected scans had adopted when it was drawn. All
-- magnitudes of the release are seen through them, the brightness limits of its rules included; the build refuses a
-- selected raw scan without one unless nominal magnitudes are allowed (build/uncalibrated_scans.sql).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/25_solutions.sql

INSERT INTO release.solution (release_id, run_id, night_id, solution_id, content_hash)
SELECT DISTINCT s.release_id, s.run_id, s.scan_key >> 10, q.solution_id, q.content_hash
FROM release.scan AS s
JOIN calibration.adopted_zero_point AS z ON z.run_id = s.run_id AND z.scan_key = s.scan_key
JOIN calibration.solution AS q ON q.solution_id = z.solution_id
WHERE s.release_id = release.current_id() AND s.selected;

SELECT count(*) AS rows FROM release.solution WHERE release_id = release.current_id();
