-- Releases that are not published though no build is under way: what was killed, or is drawn by hand.
SELECT r.release_id, r.name, to_regclass('release.work_moment') IS NOT NULL AS has_tables
FROM release.release AS r WHERE r.state = 'building' ORDER BY r.release_id
