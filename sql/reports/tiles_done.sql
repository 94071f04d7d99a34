-- Tiles that a run has a scan of which is good enough, and the best of these scans, other nights included.
SELECT DISTINCT ON (v.tile) v.tile, n.date, n.hemis, v.night_id, v.scan, g.score
FROM quality.scan_grade AS g
JOIN survey.scan AS v USING (scan_key)
JOIN survey.night AS n ON n.night_id = v.night_id
WHERE g.run_id = %(run_id)s AND g.rule_version = %(rule_version)s AND v.kind = 'sci' AND g.score >= %(least)s
  AND v.tile = ANY (%(tiles)s::integer[])
ORDER BY v.tile, g.score DESC, v.scan_key
