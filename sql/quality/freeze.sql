-- Freeze a rule version for good.
UPDATE quality.rule_set SET frozen_at = now(), frozen_by = %(person)s
WHERE rule_version = %(rule_version)s AND frozen_at IS NULL
RETURNING frozen_at
