-- The brightest stars of a field that were measured well in all bands, by its last scan in a run: those that are drawn over time.
WITH last AS (
    SELECT a.run_id, a.scan_key FROM production.attempt AS a
    JOIN production.run AS r USING (run_id)
    JOIN survey.scan AS v ON v.scan_key = a.scan_key
    WHERE a.accepted AND r.name = %(run)s AND v.tile = %(tile)s
    ORDER BY v.started_at DESC NULLS LAST, v.scan_key DESC LIMIT 1
)
SELECT p.ra, p.decl, p.j_m, p.h_m, p.k_m
FROM last JOIN wsdb.point_source AS p USING (run_id, scan_key)
WHERE p.ph_qual = 'AAA' AND p.rd_flg = '222' AND p.bl_flg = '111' AND p.cc_flg = '000'
ORDER BY p.j_m, p.src_id
LIMIT %(most)s
