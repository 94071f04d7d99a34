-- All bands of the image of a run that `run_image` chose.
SELECT band, url, sha256 FROM wsdb.atlas_measurement WHERE run_id = %(run_id)s AND coadd_key = %(coadd_key)s ORDER BY band
