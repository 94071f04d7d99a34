-- Point sources of an attempt: where they lie across the scan, and whether they are components of blends.
SELECT p.ra, p.decl, p.x_scan, p.bl_flg, coalesce(p.blend_id, 0) AS blend_id
FROM wsdb.point_measurement AS p
WHERE p.run_id = (SELECT run_id FROM production.attempt WHERE attempt_id = %(attempt_id)s) AND p.attempt_id = %(attempt_id)s
ORDER BY p.src_id
