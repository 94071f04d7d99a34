-- Light of objects of a set, a row a scan and band, gone at the end of its transaction.
CREATE TEMPORARY TABLE light ON COMMIT DROP AS
SELECT c.gcntr, c.seed_run_id, c.run_id, c.scan_key, b.band, b.m::double precision AS m, b.error::double precision AS error
FROM release.light_curve AS c
CROSS JOIN LATERAL (VALUES ('j', c.j_m, c.j_cmsig), ('h', c.h_m, c.h_cmsig), ('k', c.k_m, c.k_cmsig)) AS b (band, m, error)
WHERE c.object_set_id = %(object_set_id)s AND b.m IS NOT NULL AND b.error > 0
