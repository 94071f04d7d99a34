-- Remove a job by its key.
DELETE FROM access.job WHERE job_id = %(job_id)s RETURNING job_id
