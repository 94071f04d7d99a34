-- One zero point of a band, valid for a span of time.
INSERT INTO calibration.zero_point (run_id, attempt_id, night_id, band, valid, zero_point_mag, zero_point_error_mag,
                                    extinction_mag, source)
VALUES (%(run_id)s, %(attempt_id)s, %(night_id)s, %(band)s, tstzrange(%(valid_from)s, %(valid_to)s, '[)'),
        %(zero_point_mag)s, %(zero_point_error_mag)s, %(extinction_mag)s, %(source)s)
