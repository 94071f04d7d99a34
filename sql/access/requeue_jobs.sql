-- Jobs whose service ended while they ran begin anew.
UPDATE access.job AS j SET phase = 'QUEUED', started_at = NULL WHERE j.phase = 'EXECUTING'
RETURNING j.job_id
