-- Hold what tasks wait for, in the order in which everybody locks tasks: a publication that closes one of them waits for
-- this change (and then sees the tasks that wait again), or this change for the publication.
SELECT u.task_id
FROM production.task AS u JOIN production.task_kind AS k USING (kind, scope)
WHERE u.task_id IN (SELECT d.upstream_task_id FROM production.task_dependency AS d
                    WHERE d.task_id = ANY (%(task_ids)s::bigint[]))
ORDER BY k.position, u.task_id
FOR SHARE OF u
