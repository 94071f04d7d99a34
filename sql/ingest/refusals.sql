-- Refusals, newest first; settled are those whose file went in later from the same place.
SELECT path, code, keyword, found, expected, refused_at, taken_in
FROM (
    SELECT r.*, EXISTS (
        SELECT FROM survey.raw_file AS f WHERE f.url = r.path AND f.ingested_at > r.refused_at
    ) AS taken_in
    FROM survey.refusal AS r
) AS known
WHERE %(settled)s OR NOT taken_in
ORDER BY refusal_id DESC
LIMIT %(limit)s
