-- Sessions that hold the lock of all builds: alone for a build, shared for publications and recalls that take rows back.
-- Of sessions of other accounts a role without pg_read_all_stats sees no more than process and account.
SELECT l.pid, a.usename::text AS account, l.mode = 'ExclusiveLock' AS alone, a.xact_start, a.application_name
FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint = %(key)s::bigint >> 32 AND l.objid::bigint = %(key)s::bigint & 4294967295
ORDER BY l.pid
