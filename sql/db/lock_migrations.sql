-- Two commands must not migrate at once: the second waits for the transaction of the first.
SELECT pg_advisory_xact_lock(%(key)s)
