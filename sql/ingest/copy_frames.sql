-- The FRAMES table of one band of a raw scan.
COPY survey.frame (scan_key, band, frame, mjd, ra, decl, airmass, missing) FROM STDIN
