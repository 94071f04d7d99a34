-- Scans of a run with the diagnostics of their accepted attempt: which one a report is wanted of. Filters are optional.
SELECT s.scan_key, n.date, n.hemis, s.scan, s.kind, s.entry, s.tile, t.state, a.attempt_id, d.url, d.sha256
FROM production.task AS t
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
LEFT JOIN production.attempt AS a ON a.task_id = t.task_id AND a.accepted
LEFT JOIN quality.scan_diagnostics AS d ON d.attempt_id = a.attempt_id
WHERE r.name = %(run)s AND t.kind = 'scan'
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
ORDER BY n.date, n.hemis, s.scan
