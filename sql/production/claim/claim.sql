-- Take one ready task: choose, mark running, open an attempt with the next token. One statement, so one short
-- transaction; a worker that finds a row locked takes the next one. Only the server's clock counts for leases.
-- A final run is touched only by the very code its frozen pipeline names.
-- The runs are an array, not a join, so that the partial index ix_task_ready is walked in its order and left at the
-- first row: with 60,000 ready tasks a join sorted them all, 124 ms a claim instead of 0.3.
WITH chosen AS (
    SELECT t.task_id, t.run_id, t.kind, t.night_id, t.scan_key, t.block, t.cell
    FROM production.task AS t
    WHERE t.state = 'ready' AND t.not_before <= now()
      AND t.run_id = ANY (ARRAY(
          SELECT r.run_id
          FROM production.run AS r JOIN production.pipeline AS p USING (pipeline_id)
          WHERE r.state = 'open'
            AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
            AND (r.kind = 'preliminary'
                 OR p.frozen_at IS NOT NULL AND p.code_version = %(code_version)s
                    AND p.code_commit = %(code_commit)s)))
      -- Holds already for every ready task, but for one whose upstream an operator recalls at this very moment.
      AND NOT EXISTS (SELECT FROM production.task_dependency AS d
                      JOIN production.task AS u ON u.task_id = d.upstream_task_id
                      WHERE d.task_id = t.task_id AND u.state <> 'done')
    ORDER BY t.priority DESC, t.task_id
    LIMIT 1
    FOR UPDATE OF t SKIP LOCKED
), marked AS (
    UPDATE production.task AS t SET state = 'running', changed_at = now(), reason = NULL
    FROM chosen WHERE t.task_id = chosen.task_id
), opened AS (
    INSERT INTO production.attempt (task_id, run_id, scan_key, pipeline_id, worker, host, process_id, code_version,
                                    code_commit, expires_at)
    SELECT chosen.task_id, chosen.run_id, chosen.scan_key, r.pipeline_id, %(worker)s, %(host)s, %(process_id)s, %(code_version)s, %(code_commit)s,
           now() + make_interval(secs => %(lease_seconds)s)
    FROM chosen JOIN production.run AS r ON r.run_id = chosen.run_id
    RETURNING attempt_id, token
)
SELECT opened.attempt_id, opened.token, chosen.task_id, chosen.run_id, r.name AS run_name, chosen.kind,
       chosen.night_id, chosen.scan_key, chosen.block, chosen.cell, p.pipeline_hash, p.parameters
FROM chosen
CROSS JOIN opened
JOIN production.run AS r ON r.run_id = chosen.run_id
JOIN production.pipeline AS p ON p.pipeline_id = r.pipeline_id
