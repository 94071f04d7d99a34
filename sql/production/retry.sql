-- Try failed or dead tasks again; what was tried so far is forgiven, not forgotten.
UPDATE production.task AS t
SET state = CASE WHEN EXISTS (
        SELECT FROM production.task_dependency AS d JOIN production.task AS u ON u.task_id = d.upstream_task_id
        WHERE d.task_id = t.task_id AND u.state <> 'done') THEN 'waiting' ELSE 'ready' END,
    attempts_forgiven = (SELECT count(*) FROM production.attempt AS a
                         WHERE a.task_id = t.task_id AND a.outcome IN ('failed', 'lost')),
    not_before = now(), reason = NULL, changed_at = now()
FROM survey.night AS n
WHERE n.night_id = t.night_id AND t.run_id = %(run_id)s
  AND t.state = ANY(%(states)s)
  AND (%(task_ids)s::bigint[] IS NULL OR t.task_id = ANY(%(task_ids)s))
  AND (%(night)s::date IS NULL OR n.date = %(night)s)
  AND (%(reason)s::text IS NULL OR t.reason = %(reason)s)
RETURNING t.task_id
