-- Add a job, unless its client has as many as it may keep.
INSERT INTO access.job (job_id, phase, parameters, label, client, destroyed_at, limit_seconds)
SELECT %(job_id)s, %(phase)s, %(parameters)s, %(label)s, %(client)s, now() + make_interval(secs => %(kept_seconds)s),
       %(limit_seconds)s
WHERE (SELECT count(*) FROM access.job AS j WHERE j.client = %(client)s) < %(most)s
RETURNING job_id
