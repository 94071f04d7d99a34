-- The runs that the release is drawn from, with the names that they have now.
INSERT INTO release.parent_run (release_id, run_id, name)
SELECT %(release_id)s, run_id, name FROM production.run WHERE run_id = ANY (%(run_ids)s::integer[])
