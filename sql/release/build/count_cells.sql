-- Point sources of runs by HEALPix pixel of order 8, along the sky: what zones are cut from.
SELECT src_id >> 43 AS pixel, count(*) FROM wsdb.point_measurement WHERE run_id = ANY (%(run_ids)s::integer[])
GROUP BY 1 ORDER BY 1
