-- One standard star that was measured in one band.
INSERT INTO calibration.standard_used (solution_id, standard, band, measurements, star_hash)
VALUES (%(solution_id)s, %(standard)s, %(band)s, %(measurements)s, %(star_hash)s)
