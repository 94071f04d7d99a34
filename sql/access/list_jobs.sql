-- Jobs of a client, newest first: of phases, made after a time, and as many as are wanted, where these are given.
SELECT * FROM access.job AS j
WHERE (%(client)s::text IS NULL OR j.client = %(client)s) AND (%(phases)s::text[] IS NULL OR j.phase = ANY (%(phases)s::text[]))
  AND (%(after)s::timestamptz IS NULL OR j.created_at > %(after)s::timestamptz)
ORDER BY j.created_at DESC
LIMIT %(last)s::bigint
