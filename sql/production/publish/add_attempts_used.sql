-- Attempts whose rows a solution was made of.
INSERT INTO calibration.attempt_used (solution_id, attempt_id)
SELECT %(solution_id)s, u.attempt_id FROM unnest(%(attempt_ids)s::bigint[]) AS u (attempt_id)
