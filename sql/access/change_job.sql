-- Put a job of one of some phases into another; no row where it is in none of them.
UPDATE access.job AS j
SET phase = %(phase)s, ended_at = CASE WHEN %(phase)s = 'ABORTED' THEN now() ELSE j.ended_at END
WHERE j.job_id = %(job_id)s AND j.phase = ANY (%(from)s::text[])
RETURNING j.job_id
