-- Reduced raw scans of a block with what their reductions told of themselves, in an order of natural keys; cameras by band. Of an
-- attempt that is replayed those it recorded, whatever became of them and of the block.
SELECT a.attempt_id, n.date, n.hemis, s.scan, d.url, d.sha256,
       (SELECT jsonb_object_agg(f.band, f.header ->> 'CAMERA') FROM survey.raw_file AS f
        WHERE f.scan_key = s.scan_key AND f.kind = 'scan') AS cameras
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN survey.scan AS s ON s.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = s.night_id
JOIN quality.scan_diagnostics AS d ON d.attempt_id = a.attempt_id
WHERE a.run_id = %(run_id)s AND t.kind = 'scan' AND s.entry = 'raw' AND s.kind IN ('sci', 'cal')
  AND CASE WHEN %(recorded)s::bigint[] IS NULL THEN n.block = %(block)s AND a.accepted AND t.state = 'done'
           ELSE a.attempt_id = ANY (%(recorded)s::bigint[]) END
ORDER BY n.date, n.hemis, s.scan
