-- Rows of a superseded attempt. Before a run is sealed there is no index on attempt_id and its partition is scanned:
-- recall is rare, and a live index would slow every load.
DELETE FROM wsdb.point_measurement WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s
