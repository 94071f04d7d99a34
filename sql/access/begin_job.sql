-- Take the oldest queued job.
UPDATE access.job AS j SET phase = 'EXECUTING', started_at = now()
WHERE j.job_id = (SELECT q.job_id FROM access.job AS q WHERE q.phase = 'QUEUED' ORDER BY q.created_at, q.job_id
                  LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *
