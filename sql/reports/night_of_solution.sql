-- Solution that a run sees a night through; where it has adopted none, the newest that is not retired.
SELECT s.solution_id, s.kind, s.state, s.facts, s.retired_because, a.solution_id IS NOT NULL AS adopted
FROM calibration.solution AS s
LEFT JOIN calibration.adoption AS a
    ON a.solution_id = s.solution_id AND a.run_id = %(run_id)s AND a.night_id = %(night_id)s
WHERE a.solution_id IS NOT NULL
   OR s.run_id = %(run_id)s AND s.night_id = %(night_id)s AND s.state <> 'retired'
ORDER BY a.solution_id IS NULL, s.solution_id DESC
LIMIT 1
