-- A scan with what its first file says, unless it is known; refresh_scan.sql fills in the rest in the same transaction.
INSERT INTO survey.scan (night_id, scan, kind, entry, header)
SELECT night_id, %(scan)s, %(kind)s, %(entry)s, '{}'
FROM survey.night
WHERE hemis = %(hemis)s AND date = %(date)s
-- Any key: the natural key of the table is another unique index, and two ingests may meet at it first.
ON CONFLICT DO NOTHING
