-- What a scan task must know of its scan.
SELECT s.scan_key, s.scan, s.kind, s.entry, s.tile, s.night_id, n.hemis, n.date, n.day_number, s.direction,
       s.started_at, s.jdate, s.airmass, s.frames_expected
FROM survey.scan AS s
JOIN survey.night AS n USING (night_id)
WHERE s.scan_key = %(scan_key)s
