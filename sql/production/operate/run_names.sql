-- Names of all runs, newest first.
SELECT name FROM production.run ORDER BY run_id DESC
