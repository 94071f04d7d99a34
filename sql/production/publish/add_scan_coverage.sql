-- Where the scan looked in one band, or in all of them together ('-').
INSERT INTO wsdb.scan_coverage (attempt_id, run_id, scan_key, band, footprint, ra_1, dec_1, ra_2, dec_2, ra_3, dec_3, ra_4,
                                dec_4, coverage, coverage_order)
VALUES (%(attempt_id)s, %(run_id)s, %(scan_key)s, %(band)s, %(footprint)s::spoly, %(ra_1)s, %(dec_1)s, %(ra_2)s, %(dec_2)s,
        %(ra_3)s, %(dec_3)s, %(ra_4)s, %(dec_4)s, %(coverage)s::int8multirange, %(coverage_order)s)
