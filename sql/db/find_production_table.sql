-- The table of runs, the first a migrated database has; null before.
SELECT to_regclass('production.run')
