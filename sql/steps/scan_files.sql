-- Files of a scan, in a total order.
SELECT raw_file_id, kind, band, image_number, url, sha256
FROM survey.raw_file
WHERE scan_key = %(scan_key)s
ORDER BY kind, image_number NULLS FIRST, band
