-- How many tasks of a run are not done, by state.
SELECT state, count(*) FROM production.task
WHERE run_id = %(run_id)s AND state <> 'done'
GROUP BY state
ORDER BY state
