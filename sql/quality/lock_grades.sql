-- Gradings of one run follow each other: two at once would both append the same grades, and each would wait for derived
-- metrics that the other replaces.
SELECT pg_advisory_xact_lock(%(key)s, %(run_id)s)
