-- Which raw files an attempt read.
INSERT INTO production.attempt_raw_file (attempt_id, raw_file_id)
SELECT %(attempt_id)s, unnest(%(raw_file_ids)s::bigint[])
