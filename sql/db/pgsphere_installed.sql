-- Version of pgSphere in this database, and the schema it lies in; no row where it is not installed.
SELECT e.extversion, n.nspname::text FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_sphere'
