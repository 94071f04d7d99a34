-- Close a job that still runs; one that was aborted meanwhile stays so.
UPDATE access.job AS j
SET phase = %(phase)s, ended_at = now(), error_text = %(error_text)s, result_format = %(result_format)s,
    result_bytes = %(result_bytes)s, result_rows = %(result_rows)s, overflow = %(overflow)s
WHERE j.job_id = %(job_id)s AND j.phase = 'EXECUTING'
RETURNING j.job_id
