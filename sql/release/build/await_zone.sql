-- A task that somebody else has; waits until it is done or let go.
SELECT t.zone FROM release.work_task AS t WHERE t.pass = %(pass)s AND NOT t.done
ORDER BY t.zone LIMIT 1 FOR UPDATE OF t
