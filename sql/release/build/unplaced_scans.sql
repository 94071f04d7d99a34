-- Selected scans of runs with an astrometric solution that it has not as they are now: added or done again since.
SELECT run.name, count(*) AS scans
FROM release.scan AS s
JOIN release.astrometry AS a ON a.release_id = s.release_id AND a.run_id = s.run_id
JOIN production.run AS run ON run.run_id = s.run_id
LEFT JOIN calibration.scan_astrometry AS g
    ON g.astrometry_id = a.astrometry_id AND g.scan_key = s.scan_key AND g.attempt_id = s.attempt_id
WHERE s.release_id = %(release_id)s AND s.selected AND g.scan_key IS NULL
GROUP BY run.name
ORDER BY run.name
LIMIT 1
