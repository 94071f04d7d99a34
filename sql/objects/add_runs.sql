-- Runs of a set.
INSERT INTO release.object_set_run (object_set_id, run_id)
SELECT %(object_set_id)s, run_id FROM unnest(%(run_ids)s::integer[]) AS r (run_id)
