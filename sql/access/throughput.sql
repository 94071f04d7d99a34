-- Attempts that ended within 24 hours before the last of them, of a run or of all, in some 48 steps of whole minutes: how many
-- were done and how many failed, and their CPU time.
WITH chosen AS (
    SELECT a.ended_at, a.outcome = 'done' AS done, coalesce(a.cpu_seconds, 0) AS cpu_seconds
    FROM production.attempt AS a JOIN production.run AS r USING (run_id)
    WHERE a.ended_at IS NOT NULL AND (%(run)s::text IS NULL OR r.name = %(run)s)
      AND a.ended_at > (
          SELECT max(b.ended_at) - interval '24 hours' FROM production.attempt AS b JOIN production.run AS q USING (run_id)
          WHERE %(run)s::text IS NULL OR q.name = %(run)s
      )
),
width AS (
    SELECT 60 * greatest(1, ceil(extract(epoch FROM max(ended_at) - min(ended_at)) / 48 / 60))::float8 AS seconds FROM chosen
)
SELECT (floor(extract(epoch FROM c.ended_at)::float8 / w.seconds) + 0.5) * w.seconds AS moment, w.seconds,
       count(*) FILTER (WHERE c.done) AS done, count(*) FILTER (WHERE NOT c.done) AS failed, sum(c.cpu_seconds)::float8 AS cpu_seconds
FROM chosen AS c CROSS JOIN width AS w
GROUP BY 1, 2 ORDER BY 1
