-- Offsets of the segments of a scan.
INSERT INTO calibration.scan_astrometry (
    astrometry_id, scan_key, attempt_id, middle_ra_deg, south_deg, segment_deg, ahead, to_the_right, start_rad, segment_rad, east_arcsec,
    north_arcsec, error_arcsec, reference_stars, segment_overlaps
)
VALUES (
    %(astrometry_id)s, %(scan_key)s, %(attempt_id)s, %(middle_ra_deg)s, %(south_deg)s, %(segment_deg)s, %(ahead)s::float8[],
    %(to_the_right)s::float8[], %(start_rad)s, %(segment_rad)s, %(east_arcsec)s::float8[], %(north_arcsec)s::float8[],
    %(error_arcsec)s::float8[], %(reference_stars)s, %(segment_overlaps)s
)
