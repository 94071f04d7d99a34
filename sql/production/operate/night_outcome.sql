-- What became of the solution of a night, a row a run that has the task: the solution that is adopted or the newest, or
-- why there is none.
SELECT r.name AS run, n.date, n.hemis, t.task_id, t.state AS task_state, s.solution_id, s.state AS solution_state,
       a.solution_id AS adopted_id, o.state AS adopted_state,
       CASE WHEN t.state <> 'done' THEN coalesce(t.reason, format('the task is %%s', t.state))
            WHEN s.solution_id IS NOT NULL AND s.state = 'retired' THEN format('retired: %%s', s.retired_because)
            WHEN s.solution_id IS NOT NULL AND p.value > 0
                THEN format('%%s of %%s scans photometric, %%s hours', p.value, q.scans, round(h.value::numeric, 2))
            WHEN s.solution_id IS NOT NULL THEN 'not photometric'
            ELSE 'no standards are known near its calibration scans: magnitudes stay nominal' END AS outcome
FROM production.task AS t
JOIN production.run AS r USING (run_id)
JOIN survey.night AS n ON n.night_id = t.night_id
LEFT JOIN production.attempt AS m ON m.task_id = t.task_id AND m.accepted
LEFT JOIN calibration.solution AS s ON s.attempt_id = m.attempt_id
LEFT JOIN calibration.adoption AS a ON a.run_id = t.run_id AND a.night_id = t.night_id
LEFT JOIN calibration.solution AS o ON o.solution_id = a.solution_id
LEFT JOIN quality.metric AS p ON p.attempt_id = m.attempt_id AND p.name = 'photometric_scans'
LEFT JOIN quality.metric AS h ON h.attempt_id = m.attempt_id AND h.name = 'photometric_hours'
LEFT JOIN LATERAL (SELECT count(DISTINCT z.scan_key) AS scans FROM calibration.scan_zero_point AS z
                   WHERE z.solution_id = s.solution_id) AS q ON true
WHERE t.kind = 'night_solution' AND n.date = %(date)s AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
ORDER BY r.name, n.hemis
