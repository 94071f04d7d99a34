-- What a final run lacks to be complete, in words: its recorded inputs, its scans, its global solution, its global astrometry.
SELECT 'no recorded inputs: it was not made with --from' AS wanting
WHERE NOT EXISTS (SELECT FROM production.final_run AS f WHERE f.run_id = %(run_id)s)
UNION ALL
SELECT format('%%s of its %%s scans are not reduced', count(*) FILTER (WHERE t.task_id IS NULL), count(*))
FROM production.final_scan AS c
LEFT JOIN production.task AS t ON t.run_id = c.run_id AND t.kind = 'scan' AND t.scan_key = c.scan_key AND t.state = 'done'
WHERE c.run_id = %(run_id)s
HAVING count(*) FILTER (WHERE t.task_id IS NULL) > 0
UNION ALL
SELECT format('%%s of its nights have not adopted a global solution', count(DISTINCT s.night_id))
FROM production.final_scan AS c
JOIN survey.scan AS s ON s.scan_key = c.scan_key AND s.entry = 'raw'
LEFT JOIN calibration.adoption AS a ON a.run_id = c.run_id AND a.night_id = s.night_id
LEFT JOIN calibration.solution AS q ON q.solution_id = a.solution_id AND q.kind = 'global' AND q.state = 'accepted'
WHERE c.run_id = %(run_id)s AND q.solution_id IS NULL
HAVING count(*) > 0
UNION ALL
SELECT format('%%s of its reduced scans have no place by an adopted astrometric solution', count(*))
FROM production.final_scan AS c
JOIN survey.scan AS s ON s.scan_key = c.scan_key AND s.entry = 'raw'
JOIN production.task AS t ON t.run_id = c.run_id AND t.kind = 'scan' AND t.scan_key = c.scan_key AND t.state = 'done'
JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
LEFT JOIN calibration.adopted_place AS g ON g.run_id = c.run_id AND g.scan_key = c.scan_key AND g.attempt_id = a.attempt_id
WHERE c.run_id = %(run_id)s AND g.scan_key IS NULL
HAVING count(*) > 0
