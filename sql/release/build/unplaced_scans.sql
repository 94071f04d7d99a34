-- Selected scans without a place by an adopted solution, of runs that have adopted one: added or done again since.
SELECT run.name, count(*) AS scans
FROM release.scan AS s
JOIN production.run AS run ON run.run_id = s.run_id
LEFT JOIN calibration.adopted_place AS g ON g.run_id = s.run_id AND g.scan_key = s.scan_key AND g.attempt_id = s.attempt_id
WHERE s.release_id = %(release_id)s AND s.selected AND g.scan_key IS NULL
  AND EXISTS (SELECT FROM calibration.astrometry_adoption AS a WHERE a.run_id = s.run_id)
GROUP BY run.name
ORDER BY run.name
LIMIT 1
