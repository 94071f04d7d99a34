-- Point sources that stand on one image of a run: position, quality and read flag.
SELECT ra, decl, ph_qual, rd_flg
FROM wsdb.point_measurement
WHERE run_id = %(run_id)s AND coadd_key = %(coadd_key)s
ORDER BY src_id
