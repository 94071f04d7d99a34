-- Wake idle workers: once per batch, never per task (a notification in every closing transaction halved the rate of
-- claims when measured). A hint only; polling finds everything.
SELECT pg_notify('mapps_tasks', %(run)s)
