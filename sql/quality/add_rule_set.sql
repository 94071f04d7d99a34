-- Register a rule version, or give a draft that has given no grades new rules.
INSERT INTO quality.rule_set (rule_version, content_hash, note) VALUES (%(rule_version)s, %(content_hash)s, %(note)s)
ON CONFLICT (rule_version) DO UPDATE SET content_hash = excluded.content_hash, note = excluded.note
