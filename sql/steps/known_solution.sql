-- The solution of a run that was made of the very same inputs and parameters, if it stands.
SELECT s.solution_id FROM calibration.solution AS s
WHERE s.run_id = %(run_id)s AND s.kind = 'global' AND s.input_hash = %(input_hash)s AND s.state <> 'retired'
ORDER BY s.solution_id DESC LIMIT 1
