-- Take the lock of all builds if it is free.
SELECT pg_try_advisory_lock(%(key)s)
