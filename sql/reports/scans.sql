-- Scans with their files and the runs in which they are done. Filters are optional.
SELECT o.scan_key, o.date, o.hemis, o.scan, o.kind, o.entry, o.tile, o.bands, o.files, o.started_at, o.runs
FROM survey.scan_overview AS o
WHERE (%(date)s::date IS NULL OR o.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR o.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR o.scan = ANY (%(scans)s::integer[]))
  AND (%(tiles)s::integer[] IS NULL OR o.tile = ANY (%(tiles)s::integer[]))
ORDER BY o.date DESC, o.hemis, o.scan
LIMIT %(limit)s
