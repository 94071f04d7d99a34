-- Files of a night, or of some of its scans.
SELECT f.raw_file_id
FROM survey.raw_file AS f
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE n.date = %(date)s::date AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
ORDER BY f.raw_file_id
