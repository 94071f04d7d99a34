-- Hold tasks in the order in which everybody locks them: earlier kinds of the plan first, then by key. A publication of
-- one of them waits for this queueing, and then sees the new dependencies, or this queueing for the publication.
SELECT t.task_id
FROM production.task AS t JOIN production.task_kind AS k USING (kind, scope)
WHERE t.task_id = ANY (%(task_ids)s::bigint[])
ORDER BY k.position, t.task_id
FOR NO KEY UPDATE OF t
