-- Remove jobs whose time has come.
DELETE FROM access.job WHERE destroyed_at < now() RETURNING job_id
