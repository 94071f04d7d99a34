-- What was derived of a set before is derived anew.
DELETE FROM release.reliability WHERE object_set_id = %(object_set_id)s
