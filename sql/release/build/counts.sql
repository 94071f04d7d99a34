-- What files made in zones so far.
SELECT file, zone, rows, seconds FROM release.work_count WHERE file = ANY (%(files)s::text[]) ORDER BY file, zone
