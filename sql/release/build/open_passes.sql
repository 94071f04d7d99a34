-- Passes in which zones are left, those that others have among them.
SELECT DISTINCT t.pass FROM release.work_task AS t WHERE NOT t.done ORDER BY t.pass
