-- A rule version with its content hash, whether it is frozen, and how many grades it has given.
SELECT
    s.rule_version, trim(s.content_hash) AS content_hash, s.note, s.loaded_at, s.frozen_at, s.frozen_by,
    (SELECT count(*) FROM quality.grade AS g WHERE g.rule_version = s.rule_version) AS grades
FROM quality.rule_set AS s
WHERE %(rule_version)s::text IS NULL OR s.rule_version = %(rule_version)s
ORDER BY s.rule_version
