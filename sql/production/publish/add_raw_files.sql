-- Which files the attempt read, with the content that they had: a file may be replaced before this publication.
INSERT INTO production.attempt_raw_file (attempt_id, raw_file_id, sha256)
SELECT %(attempt_id)s, raw_file_id, coalesce(%(hashes)s::jsonb ->> raw_file_id::text, f.sha256)
FROM unnest(%(raw_file_ids)s::bigint[]) AS used (raw_file_id) JOIN survey.raw_file AS f USING (raw_file_id)
