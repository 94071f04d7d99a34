-- A set of points by its name.
SELECT object_set_id FROM release.object_set WHERE name = %(name)s AND kind = 'point'
