-- Extend the lease of an open attempt; no row back means that the token is lost. An expired attempt that nobody has
-- reaped yet may be renewed: its token is still the newest of its task.
UPDATE production.attempt
SET renewed_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE attempt_id = %(attempt_id)s AND token = %(token)s AND ended_at IS NULL
RETURNING expires_at
