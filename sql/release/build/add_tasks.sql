-- A task for each zone; where indexes are wanted (numbers below 0: release.create_index) one for each of them.
INSERT INTO release.work_task (pass, zone)
SELECT %(pass)s, z.zone FROM release.work_zone AS z
UNION ALL SELECT %(pass)s, -1 - number FROM generate_series(0, 2) AS number WHERE %(indexes)s
ON CONFLICT (pass, zone) DO NOTHING
