-- The solution of a run that was made of the very same inputs and parameters by the very code that would make it now, if
-- it stands. Whoever corrects the solver asks for the same run again and gets another solution.
SELECT s.solution_id FROM calibration.solution AS s
JOIN production.attempt AS a
    ON a.attempt_id = %(attempt_id)s AND a.code_version = s.code_version AND a.code_commit = s.code_commit
WHERE s.run_id = %(run_id)s AND s.kind = 'global' AND s.input_hash = %(input_hash)s AND s.state <> 'retired'
ORDER BY s.solution_id DESC LIMIT 1
