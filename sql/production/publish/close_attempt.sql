-- Publication: the attempt is done and its rows are the ones of the task.
UPDATE production.attempt
SET ended_at = clock_timestamp(), outcome = 'done', accepted = true, input_hash = %(input_hash)s,
    output_hash = %(output_hash)s, hash_version = %(hash_version)s, point_rows = %(point_rows)s, extended_rows = %(extended_rows)s,
    cpu_seconds = %(cpu_seconds)s, wall_seconds = %(wall_seconds)s, peak_memory_bytes = %(peak_memory_bytes)s
WHERE attempt_id = %(attempt_id)s AND token = %(token)s AND ended_at IS NULL
RETURNING attempt_id
