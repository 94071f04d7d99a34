-- Change what a client may change of a job: parameters while it is pending, its duration, when it is removed.
UPDATE access.job AS j
SET parameters = coalesce(%(parameters)s::jsonb, j.parameters),
    limit_seconds = coalesce(%(limit_seconds)s::double precision, j.limit_seconds),
    destroyed_at = coalesce(least(%(destroyed_at)s::timestamptz, j.created_at + make_interval(secs => %(kept_seconds)s)), j.destroyed_at)
WHERE j.job_id = %(job_id)s AND (%(parameters)s::jsonb IS NULL OR j.phase = 'PENDING')
RETURNING j.job_id
