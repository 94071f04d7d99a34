-- Survey scans of a run that have a task, in the order of time: grade that counts, what limits it, and what overlaps and
-- depth say by band, and why it is not photometric.
SELECT
    v.scan_key, n.date, n.hemis, v.night_id, v.scan, v.tile, v.ra, v.decl, t.state AS task_state, a.attempt_id, g.score,
    g.graded_score, g.limiting_factor, m.depth_j, m.depth_h, m.depth_k, m.step_j, m.step_h, m.step_k, w.reason
FROM production.task AS t
JOIN survey.scan AS v ON v.scan_key = t.scan_key AND v.kind = 'sci'
JOIN survey.night AS n ON n.night_id = v.night_id
LEFT JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
LEFT JOIN quality.scan_grade AS g
    ON g.run_id = t.run_id AND g.scan_key = v.scan_key AND g.rule_version = %(rule_version)s
LEFT JOIN (
    SELECT
        d.scan_key,
        max(d.value) FILTER (WHERE d.name = 'snr10_mag' AND d.band = 'j') AS depth_j,
        max(d.value) FILTER (WHERE d.name = 'snr10_mag' AND d.band = 'h') AS depth_h,
        max(d.value) FILTER (WHERE d.name = 'snr10_mag' AND d.band = 'k') AS depth_k,
        max(d.value) FILTER (WHERE d.name = 'overlap_offset_mag' AND d.band = 'j') AS step_j,
        max(d.value) FILTER (WHERE d.name = 'overlap_offset_mag' AND d.band = 'h') AS step_h,
        max(d.value) FILTER (WHERE d.name = 'overlap_offset_mag' AND d.band = 'k') AS step_k
    FROM quality.derived_metric AS d
    WHERE d.run_id = %(run_id)s AND d.scan_key IS NOT NULL
    GROUP BY d.scan_key
) AS m ON m.scan_key = v.scan_key
LEFT JOIN (
    SELECT d.scan_key, string_agg(DISTINCT d.reason, '; ' ORDER BY d.reason) AS reason
    FROM calibration.scan_verdict AS d
    WHERE d.run_id = %(run_id)s AND NOT d.photometric
    GROUP BY d.scan_key
) AS w ON w.scan_key = v.scan_key
WHERE t.run_id = %(run_id)s AND t.kind = 'scan'
ORDER BY v.scan_key
