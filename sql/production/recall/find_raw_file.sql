-- An ingested file by key, by the start of its SHA-256, or by its name at the end of the URL.
SELECT raw_file_id, url, sha256 FROM survey.raw_file
WHERE raw_file_id::text = %(given)s OR starts_with(sha256, %(given)s)
   OR right(url, length(%(given)s) + 1) = '/' || %(given)s
ORDER BY raw_file_id
LIMIT 2
