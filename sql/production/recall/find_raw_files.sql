-- Ingested files by key, by the start of their SHA-256, or by name at the end of the URL.
SELECT f.raw_file_id AS key, f.sha256 AS content, f.url AS told
FROM survey.raw_file AS f
WHERE (%(key)s::bigint IS NULL OR f.raw_file_id = %(key)s::bigint)
  AND (%(start)s::text IS NULL OR starts_with(f.sha256, %(start)s::text))
  AND (%(name)s::text IS NULL OR f.url = %(name)s::text OR right(f.url, length(%(name)s) + 1) = '/' || %(name)s)
ORDER BY f.raw_file_id DESC
