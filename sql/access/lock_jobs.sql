-- Be the one process that runs jobs, for as long as the session lasts.
SELECT pg_try_advisory_lock(%(key)s)
