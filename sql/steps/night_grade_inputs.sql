-- What the grades of a night rest on: the reduced scans, and the adopted solution where it is accepted.
SELECT a.attempt_id, trim(a.output_hash) AS content
FROM production.task AS t
JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
WHERE t.run_id = %(run_id)s AND t.night_id = %(night_id)s AND t.kind = 'scan' AND t.state = 'done'
UNION ALL
SELECT m.attempt_id, trim(s.content_hash)
FROM calibration.adoption AS d
JOIN calibration.solution AS s USING (solution_id)
LEFT JOIN production.attempt AS m ON m.attempt_id = s.attempt_id AND m.accepted
WHERE d.run_id = %(run_id)s AND d.night_id = %(night_id)s AND s.state = 'accepted'
ORDER BY content
