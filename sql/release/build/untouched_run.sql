-- The first of the runs for which nothing was ever queued: a release of it would be empty and keep its name for good.
SELECT r.name FROM production.run AS r
WHERE r.name = ANY (%(runs)s::text[])
  AND NOT EXISTS (SELECT FROM production.task AS t WHERE t.run_id = r.run_id)
ORDER BY r.name
LIMIT 1
