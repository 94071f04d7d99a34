-- Solutions of a night, or one by its key, the newest first, and by which runs they are adopted.
SELECT s.solution_id, s.kind, s.run_id, r.name AS run, r.kind AS run_kind, s.night_id, n.date, n.hemis, s.attempt_id, s.state,
       s.retired_because, s.input_hash, s.content_hash, s.code_version, s.code_commit, s.facts, s.created_at,
       ARRAY(SELECT o.name FROM calibration.adoption AS a JOIN production.run AS o ON o.run_id = a.run_id
             WHERE a.solution_id = s.solution_id GROUP BY o.name ORDER BY o.name) AS adopted_in
FROM calibration.solution AS s
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n ON n.night_id = s.night_id
WHERE (%(solution_id)s::integer IS NULL OR s.solution_id = %(solution_id)s::integer)
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
ORDER BY s.solution_id DESC
