-- Light of an object where a scan has no row of it.
INSERT INTO wsdb.forced_light (object_set_id, gcntr, seed_run_id, run_id, attempt_id, scan_key, band, flux_nmgy, flux_error_nmgy)
VALUES (%(object_set_id)s, %(gcntr)s, %(seed_run_id)s, %(run_id)s, %(attempt_id)s, %(scan_key)s, %(band)s, %(flux_nmgy)s,
        %(flux_error_nmgy)s)
