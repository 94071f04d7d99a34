-- Gauges of production and access, one row a value: name, label, value.
SELECT 'mapps_tasks' AS name, format('run="%s",kind="%s",state="%s"', r.name, t.kind, t.state) AS labels, count(*)::double precision AS value
FROM production.task AS t JOIN production.run AS r USING (run_id) GROUP BY r.name, t.kind, t.state
UNION ALL
SELECT 'mapps_workers', '', count(DISTINCT (a.worker, a.host)) FROM production.attempt AS a WHERE a.ended_at IS NULL AND a.expires_at > now()
UNION ALL
SELECT 'mapps_attempts_last_hour', format('outcome="%s",error="%s"', a.outcome, coalesce(a.error_code, '')), count(*)
FROM production.attempt AS a WHERE a.ended_at > now() - interval '1 hour' GROUP BY a.outcome, a.error_code
UNION ALL
SELECT 'mapps_attempt_cpu_seconds_last_hour', '', coalesce(sum(a.cpu_seconds), 0)
FROM production.attempt AS a WHERE a.ended_at > now() - interval '1 hour'
UNION ALL
SELECT 'mapps_refused_files', '', count(*) FROM survey.refusal
UNION ALL
SELECT 'mapps_releases', '', count(*) FROM release.release WHERE state = 'published'
UNION ALL
SELECT 'mapps_jobs', format('phase="%s"', j.phase), count(*) FROM access.job AS j GROUP BY j.phase
UNION ALL
SELECT 'mapps_database_bytes', '', pg_database_size(current_database())
ORDER BY 1, 2
