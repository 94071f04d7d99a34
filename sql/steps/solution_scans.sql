-- Scans of a run that a global solution calibrates, in the order of their keys: those whose rows are accepted and stand. Hours
-- count from 18 h UTC of the day before the night's date; time and airmass are those of the middle frame, or of the start
-- where the images were finished elsewhere. Scans without a time are told by the null; clouds are those
-- that frames of the scan found by their own stars.
SELECT
    s.scan_key, s.night_id, s.kind, n.hemis, extract(month FROM n.date)::integer AS month, n.block, a.attempt_id,
    coalesce(a.output_hash, 'attempt ' || a.attempt_id) AS content,
    (coalesce(f.mjd, s.jdate - 2400000.5) - (n.date - DATE '1858-11-17')) * 24 + 6 AS hours,
    coalesce(f.airmass, s.airmass)::float8 AS airmass, coalesce(m.value, 0) > 0 AS clouds
FROM production.attempt AS a
JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done'
JOIN survey.scan AS s ON s.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = s.night_id
LEFT JOIN survey.frame AS f
    ON f.scan_key = s.scan_key AND f.band = 'j' AND f.frame = (s.frames_expected + 1) / 2 AND NOT f.missing
LEFT JOIN quality.metric AS m ON m.attempt_id = a.attempt_id AND m.name = 'clouds' AND m.band = '-'
WHERE a.run_id = %(run_id)s AND a.accepted AND t.kind = 'scan' AND s.kind IN ('sci', 'cal')
ORDER BY s.scan_key
