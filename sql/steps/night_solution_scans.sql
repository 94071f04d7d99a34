-- Scans of a night that are reduced, with time and airmass of their middle and, of calibration scans, what the run has of
-- them: the accepted attempt, the hash of its rows, and whether its own frames lost light. What survey scans lost is not
-- read: the solution is made before they are reduced, and would depend on the moment (calibration.scan_verdict adds it).
SELECT s.scan_key, s.scan, s.kind, s.tile, s.ra, s.decl, coalesce(f.mjd, s.jdate - 2400000.5) AS mjd,
       coalesce(f.airmass, s.airmass) AS airmass, a.attempt_id, a.output_hash, coalesce(m.value > 0, false) AS opaque
FROM survey.scan AS s
LEFT JOIN LATERAL (
    SELECT (min(f.mjd) + max(f.mjd)) / 2 AS mjd, avg(f.airmass ORDER BY f.band, f.frame) AS airmass
    FROM survey.frame AS f WHERE f.scan_key = s.scan_key
) AS f ON true
LEFT JOIN production.task AS t
    ON t.run_id = %(run_id)s AND t.kind = 'scan' AND t.scan_key = s.scan_key AND s.kind = 'cal'
LEFT JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
LEFT JOIN quality.metric AS m ON m.attempt_id = a.attempt_id AND m.name = 'clouds' AND m.band = '-'
WHERE s.night_id = %(night_id)s AND s.kind IN ('sci', 'cal')
ORDER BY s.scan
