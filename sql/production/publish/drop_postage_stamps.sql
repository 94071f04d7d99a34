-- Stamps of a superseded attempt; the files stay in the store until a sweep.
DELETE FROM wsdb.postage_stamp WHERE attempt_id = %(attempt_id)s
