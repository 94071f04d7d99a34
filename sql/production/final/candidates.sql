-- Survey scans that preliminary runs have reduced, with the facts that a condition may ask for (app/production/condition.py):
-- grade by the rules that are named, verdict of the adopted solution over all bands, images and sources of the accepted attempt.
SELECT
    a.run_id, r.name AS run, a.scan_key, a.attempt_id, n.night_id, n.date AS night, n.hemis, s.scan, s.tile, s.kind, s.entry,
    g.score AS grade, v.photometric, v.solution_id, i.images, coalesce(a.point_rows, 0) AS sources,
    'hgl' = ANY (g.flags) AS hgl, 'cld' = ANY (g.flags) AS cld, 'xph' = ANY (g.flags) AS xph, 'anom' = ANY (g.flags) AS anom
FROM production.attempt AS a
JOIN production.run AS r ON r.run_id = a.run_id
JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done'
JOIN survey.scan AS s ON s.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = s.night_id
LEFT JOIN quality.scan_grade AS g
    ON g.run_id = a.run_id AND g.scan_key = a.scan_key AND g.attempt_id = a.attempt_id
   AND g.rule_version = %(rule_version)s
CROSS JOIN LATERAL (
    SELECT bool_and(z.photometric) AS photometric, min(z.solution_id) AS solution_id FROM calibration.scan_verdict AS z
    WHERE z.run_id = a.run_id AND z.scan_key = a.scan_key
) AS v
CROSS JOIN LATERAL (
    SELECT count(*) AS images FROM wsdb.atlas_measurement AS m WHERE m.attempt_id = a.attempt_id
) AS i
WHERE a.run_id = ANY (%(run_ids)s::integer[]) AND a.accepted AND t.kind = 'scan' AND s.kind = 'sci'
ORDER BY a.scan_key, r.name
