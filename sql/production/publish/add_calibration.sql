-- One calibration product; spans of nightly ones of one camera configuration never overlap in a run.
INSERT INTO calibration.product (run_id, attempt_id, night_id, block, kind, hemis, band, camera, valid, url, sha256, facts)
VALUES (%(run_id)s, %(attempt_id)s, %(night_id)s, %(block)s, %(kind)s, %(hemis)s, %(band)s, %(camera)s,
        tstzrange(%(valid_from)s, %(valid_to)s, '[)'), %(url)s, %(sha256)s, %(facts)s)
