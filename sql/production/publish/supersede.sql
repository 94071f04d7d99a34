-- A recalled task is published again: its former attempt is no longer the accepted one.
UPDATE production.attempt SET accepted = false
WHERE task_id = %(task_id)s AND accepted
RETURNING attempt_id, output_hash
