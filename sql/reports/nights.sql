-- Nights with their scans and files.
SELECT n.night_id, n.date, n.hemis, n.block, count(DISTINCT s.scan_key) AS scans,
       count(DISTINCT s.scan_key) FILTER (WHERE s.kind = 'sci') AS survey_scans, count(f.raw_file_id) AS files, n.ingested_at
FROM survey.night AS n
LEFT JOIN survey.scan AS s USING (night_id)
LEFT JOIN survey.raw_file AS f ON f.scan_key = s.scan_key
GROUP BY n.night_id
ORDER BY n.date DESC, n.hemis
LIMIT %(limit)s
