-- The astrometric solutions of the release: those that are in force in its runs when it is drawn (background/survey 2.12). Places of
-- candidates are corrected by them; the build refuses a run with one that does not have all of its selected scans as they
-- are now (build/unplaced_scans.sql).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/26_astrometry.sql

INSERT INTO release.astrometry (release_id, run_id, astrometry_id, content_hash)
SELECT p.release_id, p.run_id, f.astrometry_id, f.content_hash
FROM release.parent_run AS p
JOIN calibration.astrometry_in_force AS f USING (run_id)
WHERE p.release_id = release.current_id();

SELECT count(*) AS rows FROM release.astrometry WHERE release_id = release.current_id();
