-- Raw scans with an adopted solution were measured with the nominal zero point: its error, 0.1 mag (NOMINAL_ERROR_MAG of
-- app/instruments/detector.py), is what the calibrated view takes out of msigcom.
SELECT i.run_id, i.scan_key, i.band, i.number, i.zero_point_error_mag
FROM wsdb.atlas_measurement AS i
JOIN calibration.adopted_zero_point AS z ON z.run_id = i.run_id AND z.scan_key = i.scan_key
WHERE i.zero_point_error_mag IS DISTINCT FROM 0.1::real;
