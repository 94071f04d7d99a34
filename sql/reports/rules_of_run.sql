-- Rule version that graded scans of a run last.
SELECT g.rule_version, s.content_hash, s.frozen_at IS NOT NULL AS frozen
FROM quality.grade AS g JOIN quality.rule_set AS s USING (rule_version)
WHERE g.run_id = %(run_id)s AND (%(rule_version)s::text IS NULL OR g.rule_version = %(rule_version)s::text)
ORDER BY g.grade_id DESC
LIMIT 1
