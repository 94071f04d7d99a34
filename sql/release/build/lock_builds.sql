-- Wait for a build that is under way, and for publications and recalls that take published rows back; a lock of the
-- session, because the snapshot of the build's transaction must be taken after the wait.
SELECT pg_advisory_lock(%(key)s)
