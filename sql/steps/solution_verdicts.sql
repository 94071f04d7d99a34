-- Scans that the latest solutions of the nights of a run found clouded by their own frames or standards, and why.
WITH latest AS (
    SELECT DISTINCT ON (s.night_id) s.night_id, s.solution_id
    FROM calibration.solution AS s
    JOIN production.attempt AS a ON a.attempt_id = s.attempt_id AND a.accepted
    WHERE s.run_id = %(run_id)s AND s.kind = 'night' AND s.state <> 'retired'
    ORDER BY s.night_id, s.solution_id DESC
)
SELECT DISTINCT z.scan_key, z.reason
FROM latest AS l JOIN calibration.scan_zero_point AS z USING (solution_id)
WHERE NOT z.photometric AND z.reason = ANY (%(reasons)s::text[])
ORDER BY z.scan_key, z.reason
