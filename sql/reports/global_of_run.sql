-- Newest global solution of a run that is not retired.
SELECT s.solution_id, s.state FROM calibration.solution AS s
WHERE s.run_id = %(run_id)s AND s.kind = 'global' AND s.state <> 'retired'
ORDER BY s.solution_id DESC
LIMIT 1
