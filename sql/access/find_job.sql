-- A job by its key.
SELECT * FROM access.job WHERE job_id = %(job_id)s
