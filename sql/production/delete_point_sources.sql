-- Take back the rows of a replaced attempt. run_id names the partition.
DELETE FROM wsdb.point_source WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s
