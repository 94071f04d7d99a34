-- The moment from which files may belong to attempts that are still at work: the start of the oldest open one, or now.
SELECT least(now(), (SELECT min(started_at) FROM production.attempt WHERE ended_at IS NULL))
