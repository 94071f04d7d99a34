-- Ingested files with the accepted attempts that read them. Filters are optional.
SELECT f.raw_file_id, n.date, n.hemis, s.scan, f.kind, f.band, f.image_number, f.sha256, f.size_bytes, f.url,
       (SELECT count(*) FROM production.attempt_raw_file AS u JOIN production.attempt AS a USING (attempt_id)
        WHERE u.raw_file_id = f.raw_file_id AND a.accepted) AS attempts
FROM survey.raw_file AS f
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
ORDER BY n.date DESC, n.hemis, s.scan, f.kind, f.image_number NULLS FIRST, position(f.band IN 'jhk')
LIMIT %(limit)s
