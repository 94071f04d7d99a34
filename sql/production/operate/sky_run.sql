-- The run that draws the sky of a release, if there is one.
SELECT r.name FROM production.run AS r WHERE r.release_id = %(release_id)s
