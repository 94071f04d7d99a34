-- Rules of a draft, before new ones take their place.
DELETE FROM quality.rule WHERE rule_version = %(rule_version)s
