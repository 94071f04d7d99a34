-- A preliminary run takes an accepted night solution by itself. What a person adopted, or a global solution, stays as long
-- as it is not retired; final runs adopt by command only.
INSERT INTO calibration.adoption AS a (run_id, night_id, solution_id, adopted_by)
SELECT s.run_id, s.night_id, s.solution_id, format('task of attempt %%s', s.attempt_id)
FROM calibration.solution AS s JOIN production.run AS r USING (run_id)
WHERE s.solution_id = %(solution_id)s AND s.kind = 'night' AND s.state = 'accepted' AND r.kind = 'preliminary'
ON CONFLICT (run_id, night_id) DO UPDATE
SET solution_id = EXCLUDED.solution_id, adopted_at = now(), adopted_by = EXCLUDED.adopted_by
WHERE EXISTS (SELECT FROM calibration.solution AS o
              WHERE o.solution_id = a.solution_id
                AND (o.state = 'retired' OR o.kind = 'night' AND starts_with(a.adopted_by, 'task of attempt ')))
