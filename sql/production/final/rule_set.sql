-- The frozen rules of a version, or the newest frozen ones.
SELECT rule_version, content_hash FROM quality.rule_set
WHERE frozen_at IS NOT NULL AND (%(rule_version)s::text IS NULL OR rule_version = %(rule_version)s::text)
ORDER BY frozen_at DESC, rule_version DESC
LIMIT 1
