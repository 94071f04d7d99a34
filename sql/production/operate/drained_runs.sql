-- Open runs that have loaded something, have nothing left to do, and lack their positional indexes.
SELECT r.name
FROM production.run AS r
WHERE r.sealed_at IS NULL AND r.state = 'open'
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
  AND EXISTS (SELECT FROM production.task AS t WHERE t.run_id = r.run_id AND t.scope = 'scan' AND t.state = 'done')
  AND NOT EXISTS (SELECT FROM production.task AS t WHERE t.run_id = r.run_id AND t.state IN ('ready', 'running'))
ORDER BY r.run_id
