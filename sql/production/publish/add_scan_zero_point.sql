-- Zero point and verdict of one scan and band.
INSERT INTO calibration.scan_zero_point (solution_id, scan_key, band, offset_mag, linear_mag, quadratic_mag, error_mag,
                                         loss_mag, photometric, reason)
VALUES (%(solution_id)s, %(scan_key)s, %(band)s, %(offset_mag)s, %(linear_mag)s, %(quadratic_mag)s, %(error_mag)s,
        %(loss_mag)s, %(photometric)s, %(reason)s)
