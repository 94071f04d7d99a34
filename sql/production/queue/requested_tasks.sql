-- Tasks of a run of one kind that is queued on request, those of one block if it is named.
SELECT t.task_id, t.state FROM production.task AS t
WHERE t.run_id = %(run_id)s AND t.kind = %(kind)s AND (%(block)s::text IS NULL OR t.block = %(block)s::text)
ORDER BY t.block, t.task_id
