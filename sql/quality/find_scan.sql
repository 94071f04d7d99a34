-- A scan by its key, or by night and number.
SELECT v.scan_key, n.date, n.hemis, v.scan, v.night_id
FROM survey.scan AS v JOIN survey.night AS n USING (night_id)
WHERE v.scan_key = %(scan_key)s
   OR (n.date = %(date)s AND v.scan = %(scan)s AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s))
ORDER BY v.scan_key
