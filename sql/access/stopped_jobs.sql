-- Of the jobs that run here, those that shall not: aborted or removed.
SELECT w.job_id FROM unnest(%(job_ids)s::text[]) AS w (job_id)
WHERE NOT EXISTS (SELECT FROM access.job AS j WHERE j.job_id = w.job_id AND j.phase = 'EXECUTING')
