-- Survey and calibration scans of a night as a run has them: task, grade that counts, verdict of the adopted solution or,
-- where none is adopted, of the newest one.
WITH newest AS (
    SELECT s.solution_id FROM calibration.solution AS s
    WHERE s.run_id = %(run_id)s AND s.night_id = %(night_id)s AND s.state <> 'retired' ORDER BY s.solution_id DESC LIMIT 1
),
verdict AS (
    SELECT d.scan_key, bool_and(d.photometric) AS photometric, max(d.loss_mag) AS loss_mag,
           string_agg(DISTINCT d.reason, '; ' ORDER BY d.reason) FILTER (WHERE NOT d.photometric) AS reason
    FROM (
        SELECT w.scan_key, w.photometric, w.loss_mag, w.reason FROM calibration.scan_verdict AS w
        WHERE w.run_id = %(run_id)s AND w.night_id = %(night_id)s
        UNION ALL
        SELECT z.scan_key, z.photometric, z.loss_mag, z.reason
        FROM newest JOIN calibration.scan_zero_point AS z USING (solution_id)
        WHERE NOT EXISTS (SELECT FROM calibration.adoption AS a
                          WHERE a.run_id = %(run_id)s AND a.night_id = %(night_id)s)
    ) AS d
    GROUP BY d.scan_key
)
SELECT
    v.scan_key, v.scan, v.kind, v.tile, v.started_at, v.airmass, v.ra, v.decl, v.frames_expected, v.frames_present,
    t.state AS task_state, t.reason AS task_reason, a.attempt_id, g.score, g.graded_score, g.limiting_factor,
    coalesce(g.flags, '{}') AS flags, coalesce(g.graded_flags, '{}') AS graded_flags, g.override_id, d.photometric, d.loss_mag,
    d.reason AS photometric_reason
FROM survey.scan AS v
LEFT JOIN production.task AS t ON t.run_id = %(run_id)s AND t.kind = 'scan' AND t.scan_key = v.scan_key
LEFT JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
LEFT JOIN quality.scan_grade AS g
    ON g.run_id = %(run_id)s AND g.scan_key = v.scan_key AND g.rule_version = %(rule_version)s
LEFT JOIN verdict AS d ON d.scan_key = v.scan_key
WHERE v.night_id = %(night_id)s AND v.kind IN ('sci', 'cal')
ORDER BY v.scan
