-- What was derived of a set before is derived anew.
DELETE FROM release.object_light WHERE object_set_id = %(object_set_id)s
