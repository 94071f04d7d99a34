-- Atlas images of a scan.
SELECT band, number, url, sha256 FROM wsdb.atlas_measurement WHERE attempt_id = %(attempt_id)s ORDER BY band, number
