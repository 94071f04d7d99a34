-- Who is about to take back what a run has published waits for the release that is being drawn, and a later build waits
-- for this transaction: else a release would be drawn from rows that are gone when it is published.
SELECT pg_advisory_xact_lock_shared(%(key)s)
