-- Let the next build begin.
SELECT pg_advisory_unlock(%(key)s)
