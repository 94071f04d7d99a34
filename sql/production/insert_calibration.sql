-- One calibration product of an attempt.
INSERT INTO calibration.product (run_id, attempt_id, night_id, kind, hemis, band, valid, url, sha256, facts)
VALUES (%(run_id)s, %(attempt_id)s, %(night_id)s, %(kind)s, %(hemis)s, %(band)s,
        tstzrange(%(valid_from)s, %(valid_to)s, '[)'), %(url)s, %(sha256)s, %(facts)s)
