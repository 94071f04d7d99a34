-- The newest set of points that a run is part of.
SELECT s.object_set_id FROM release.object_set AS s JOIN release.object_set_run AS r USING (object_set_id)
WHERE s.kind = 'point' AND r.run_id = %(run_id)s ORDER BY s.object_set_id DESC LIMIT 1
