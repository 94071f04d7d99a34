-- One calibration set in one band.
INSERT INTO calibration.set_used (solution_id, night_id, number, band, field, scans, standards, observed_at, airmass,
                                  offset_mag, error_mag, scatter_mag, residual_mag, weight, accepted)
VALUES (%(solution_id)s, %(night_id)s, %(number)s, %(band)s, %(field)s, %(scans)s, %(standards)s, %(observed_at)s,
        %(airmass)s, %(offset_mag)s, %(error_mag)s, %(scatter_mag)s, %(residual_mag)s, %(weight)s, %(accepted)s)
