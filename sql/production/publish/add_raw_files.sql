-- Which files the attempt read.
INSERT INTO production.attempt_raw_file (attempt_id, raw_file_id)
SELECT %(attempt_id)s, raw_file_id FROM unnest(%(raw_file_ids)s::bigint[]) AS used (raw_file_id)
