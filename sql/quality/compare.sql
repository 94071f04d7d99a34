-- Grades of a run by two rule versions: how many scans have which pair of scores, and what limits them. A scan without a
-- grade of one of them has null there.
SELECT a.score AS score_a, b.score AS score_b, a.limiting_factor AS limiting_a, b.limiting_factor AS limiting_b, count(*) AS scans
FROM (SELECT scan_key, graded_score AS score, limiting_factor FROM quality.scan_grade
      WHERE run_id = %(run_id)s AND rule_version = %(rules_a)s) AS a
FULL JOIN (SELECT scan_key, graded_score AS score, limiting_factor FROM quality.scan_grade
           WHERE run_id = %(run_id)s AND rule_version = %(rules_b)s) AS b USING (scan_key)
GROUP BY a.score, b.score, a.limiting_factor, b.limiting_factor
ORDER BY a.score, b.score, a.limiting_factor, b.limiting_factor
