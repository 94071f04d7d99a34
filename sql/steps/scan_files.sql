-- Files of a scan, in a total order; camera is the detector configuration of raw files.
SELECT raw_file_id, kind, band, image_number, url, sha256, header ->> 'CAMERA' AS camera
FROM survey.raw_file
WHERE scan_key = %(scan_key)s
ORDER BY kind, image_number NULLS FIRST, band
