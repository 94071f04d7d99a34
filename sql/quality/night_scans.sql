-- Scans of a night with the grades that count: score, what limits it, flags, overrides.
SELECT
    r.name AS run, v.scan, v.kind, v.tile, v.started_at, g.rule_version, g.frozen, g.score, g.graded_score, g.limiting_factor,
    array_to_string(g.flags, ' ') AS flags, g.override_id
FROM production.attempt AS a
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS v ON v.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = v.night_id
LEFT JOIN quality.scan_grade AS g
    ON g.run_id = a.run_id AND g.scan_key = a.scan_key AND (%(rule_version)s::text IS NULL OR g.rule_version = %(rule_version)s)
WHERE a.accepted AND n.date = %(date)s AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s)
  AND (%(run)s::text IS NULL OR r.name = %(run)s)
ORDER BY r.name, v.scan, g.rule_version
