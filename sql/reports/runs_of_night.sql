-- Runs that have tasks of a night, one row a night and run: those that reduced scans of it first, then the newest.
SELECT r.run_id, r.name AS run, r.kind AS run_kind, n.night_id, n.date, n.hemis,
       count(*) FILTER (WHERE t.state = 'done' AND t.kind = 'scan') AS reduced
FROM production.task AS t
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.scan AS v ON v.scan_key = t.scan_key
JOIN survey.night AS n ON n.night_id = coalesce(t.night_id, v.night_id)
WHERE n.date = %(date)s AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
GROUP BY r.run_id, r.name, r.kind, n.night_id, n.date, n.hemis
ORDER BY (count(*) FILTER (WHERE t.state = 'done' AND t.kind = 'scan')) > 0 DESC, r.run_id DESC
