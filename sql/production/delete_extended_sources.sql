-- Take back the rows of a replaced attempt.
DELETE FROM wsdb.extended_source WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s
