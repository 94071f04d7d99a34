-- The scans that a final run reduces, with what selected them.
INSERT INTO production.final_scan (run_id, scan_key, parent_run_id, attempt_id, score, photometric)
SELECT %(run_id)s, c.scan_key, c.parent_run_id, c.attempt_id, c.score, c.photometric
FROM unnest(%(scan_keys)s::integer[], %(parents)s::integer[], %(attempts)s::bigint[], %(scores)s::smallint[],
            %(photometric)s::boolean[]) AS c (scan_key, parent_run_id, attempt_id, score, photometric)
ORDER BY c.scan_key
