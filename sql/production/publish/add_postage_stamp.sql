-- One stamp of an extended source of the attempt.
INSERT INTO wsdb.postage_stamp (ext_id, coadd_key, run_id, attempt_id, scan_key, ra, decl, side_pix, bands, url, sha256)
VALUES (%(ext_id)s, %(coadd_key)s, %(run_id)s, %(attempt_id)s, %(scan_key)s, %(ra)s, %(decl)s, %(side_pix)s, %(bands)s,
        %(url)s, %(sha256)s)
