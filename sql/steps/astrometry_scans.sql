-- Survey scans of a run whose places a global astrometric solution corrects, in the order of their keys: those whose rows are
-- accepted and stand, with the corners of what all their bands cover.
SELECT
    s.scan_key, a.attempt_id, coalesce(a.output_hash, 'attempt ' || a.attempt_id) AS content,
    ARRAY[v.ra_1, v.ra_2, v.ra_3, v.ra_4] AS ra_deg, ARRAY[v.dec_1, v.dec_2, v.dec_3, v.dec_4] AS decl_deg
FROM production.attempt AS a
JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done'
JOIN survey.scan AS s ON s.scan_key = a.scan_key
JOIN wsdb.scan_coverage AS v ON v.attempt_id = a.attempt_id AND v.band = '-'
WHERE a.run_id = %(run_id)s AND a.accepted AND t.kind = 'scan' AND s.kind = 'sci'
ORDER BY s.scan_key
