-- Scans of a run that a limit of grades divides otherwise by one rule version than by another; a scan without a grade is below
-- every limit.
SELECT n.date, n.hemis, v.scan, v.kind, v.tile, a.score AS score_a, b.score AS score_b, b.limiting_factor AS limiting_b
FROM (SELECT scan_key, graded_score AS score FROM quality.scan_grade
      WHERE run_id = %(run_id)s AND rule_version = %(rules_a)s) AS a
FULL JOIN (SELECT scan_key, graded_score AS score, limiting_factor FROM quality.scan_grade
           WHERE run_id = %(run_id)s AND rule_version = %(rules_b)s) AS b USING (scan_key)
JOIN survey.scan AS v USING (scan_key)
JOIN survey.night AS n ON n.night_id = v.night_id
WHERE (coalesce(a.score, -1) >= %(limit)s) <> (coalesce(b.score, -1) >= %(limit)s)
ORDER BY n.date, n.hemis, v.scan
