-- Frames of all bands of a scan.
SELECT band, frame, mjd, coalesce(ra, 'NaN'), coalesce(decl, 'NaN'), coalesce(airmass, 'NaN'), missing
FROM survey.frame
WHERE scan_key = %(scan_key)s
ORDER BY band, frame
