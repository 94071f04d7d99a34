-- The runs that the release is drawn from.
INSERT INTO release.parent_run (release_id, run_id)
SELECT %(release_id)s, run_id FROM unnest(%(run_ids)s::integer[]) AS parent (run_id)
