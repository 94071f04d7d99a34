-- Offsets of the segments of a scan.
INSERT INTO calibration.scan_astrometry (astrometry_id, scan_key, attempt_id, south_deg, segment_deg, east_arcsec, north_arcsec,
                                         error_arcsec, reference_stars, segment_overlaps)
VALUES (%(astrometry_id)s, %(scan_key)s, %(attempt_id)s, %(south_deg)s, %(segment_deg)s, %(east_arcsec)s::float8[], %(north_arcsec)s::float8[],
        %(error_arcsec)s::float8[], %(reference_stars)s, %(segment_overlaps)s)
