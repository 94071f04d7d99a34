-- Keep the night calibrations of a run from ending while scans that wait for them are inserted.
SELECT task_id FROM production.task WHERE run_id = %(run_id)s AND kind = 'night_calibration' ORDER BY task_id FOR SHARE
