-- How much may still become work: what is ready or running, and what waits for such. Waiting behind a failed task is
-- not work that will come.
SELECT count(*) FILTER (WHERE t.state IN ('ready', 'running')) AS unfinished
FROM production.task AS t
JOIN production.run AS r USING (run_id)
WHERE r.state = 'open' AND (%(run)s::text IS NULL OR r.name = %(run)s)
  AND (t.state <> 'ready' OR r.kind = 'preliminary' OR EXISTS (
      SELECT FROM production.pipeline AS p WHERE p.pipeline_id = r.pipeline_id AND p.frozen_at IS NOT NULL
        AND p.code_version = %(code_version)s AND p.code_commit = %(code_commit)s))
