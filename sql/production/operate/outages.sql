-- What workers of a run wait for: tasks whose latest attempt was given back because a store or folder was away.
SELECT a.error_code AS code, count(*) AS tasks, max(a.ended_at) AS latest,
       (array_agg(a.error_text ORDER BY a.ended_at DESC))[1] AS reason
FROM production.task AS t
JOIN production.run AS r USING (run_id)
CROSS JOIN LATERAL (SELECT * FROM production.attempt AS every WHERE every.task_id = t.task_id
                    ORDER BY every.attempt_id DESC LIMIT 1) AS a
WHERE r.name = %(name)s AND t.state = 'ready' AND a.outcome = 'given_back' AND a.error_code IS NOT NULL
GROUP BY a.error_code
ORDER BY a.error_code
