-- A scan with what its first file says, unless it is known; refresh_scan.sql fills in the rest in the same transaction.
INSERT INTO survey.scan (night_id, scan, kind, entry, header)
SELECT night_id, %(scan)s, %(kind)s, %(entry)s, '{}'
FROM survey.night
WHERE hemis = %(hemis)s AND date = %(date)s
ON CONFLICT (night_id, scan) DO NOTHING
