-- The photometric solution through which the release sees each night of its chosen scans: what the night has adopted. Nights
-- that have adopted none stand on the nominal scale and have no row.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/25_solutions.sql

INSERT INTO release.solution (release_id, run_id, night_id, solution_id)
SELECT DISTINCT release.current_id(), a.run_id, a.night_id, a.solution_id
FROM release.scan AS c
JOIN survey.scan AS s USING (scan_key)
JOIN calibration.adoption AS a ON a.run_id = c.run_id AND a.night_id = s.night_id
WHERE c.release_id = release.current_id() AND c.selected
ORDER BY a.run_id, a.night_id;

SELECT count(*) AS rows FROM release.solution WHERE release_id = release.current_id();
