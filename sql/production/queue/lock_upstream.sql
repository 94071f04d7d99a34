-- Hold the night tasks that new tasks will wait for: a publication that closes one of them waits for this queueing
-- (and then sees the new dependencies), or this queueing for the publication.
SELECT task_id FROM production.task
WHERE run_id = %(run_id)s AND kind = 'night_calibration'
ORDER BY task_id
FOR SHARE
