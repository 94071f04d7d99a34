-- Files of a scan with their headers and areas, in an order that does not depend on when they came.
SELECT band, image_number, url, sha256, header, footprint
FROM survey.raw_file
WHERE scan_key = %(scan_key)s
ORDER BY band, image_number NULLS FIRST, sha256
