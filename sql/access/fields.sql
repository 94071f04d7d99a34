-- Tiles that runs have reduced more than once, a row a run and tile: calibration fields first, those with most scans first.
SELECT r.name AS run, v.tile, bool_or(v.kind = 'cal') AS calibration, count(*) AS scans, count(DISTINCT v.night_id) AS nights,
       min(v.started_at) AS first, max(v.started_at) AS last
FROM production.attempt AS a
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS v ON v.scan_key = a.scan_key
WHERE a.accepted AND v.tile IS NOT NULL
GROUP BY r.name, v.tile
HAVING count(*) > 1
ORDER BY bool_or(v.kind = 'cal') DESC, count(*) DESC, r.name, v.tile
LIMIT 500
