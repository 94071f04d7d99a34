-- The rows of nights of a run are seen through a solution: the nights whose scans it has.
INSERT INTO calibration.adoption (run_id, night_id, solution_id, adopted_by)
SELECT %(run_id)s, n.night_id, %(solution_id)s, %(adopted_by)s
FROM (SELECT DISTINCT s.night_id
      FROM calibration.scan_zero_point AS z JOIN survey.scan AS s USING (scan_key)
      WHERE z.solution_id = %(solution_id)s) AS n
ORDER BY n.night_id
ON CONFLICT (run_id, night_id) DO UPDATE
SET solution_id = EXCLUDED.solution_id, adopted_at = now(), adopted_by = EXCLUDED.adopted_by
RETURNING night_id
