-- Take back the image rows of a replaced attempt; the files stay in the store.
DELETE FROM wsdb.atlas_image WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s
