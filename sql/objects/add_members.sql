-- Members of the objects.
INSERT INTO release.object_member (object_set_id, gcntr, seed_run_id, run_id, source_id, scan_key)
SELECT %(object_set_id)s, group_id, group_run, run_id, source_id, scan_key FROM apparition
ORDER BY group_id, run_id, source_id
