-- The run, if no other session is sealing, queueing or recalling it at this moment.
SELECT run_id FROM production.run WHERE run_id = %(run_id)s FOR NO KEY UPDATE SKIP LOCKED
