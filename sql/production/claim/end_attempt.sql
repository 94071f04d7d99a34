-- Close an attempt that published nothing: failed or given back.
UPDATE production.attempt
SET ended_at = clock_timestamp(), outcome = %(outcome)s, family = %(family)s, error_code = %(error_code)s,
    error_text = %(error_text)s, cpu_seconds = %(cpu_seconds)s, wall_seconds = %(wall_seconds)s,
    peak_memory_bytes = %(peak_memory_bytes)s
WHERE attempt_id = %(attempt_id)s AND token = %(token)s AND ended_at IS NULL
RETURNING attempt_id
