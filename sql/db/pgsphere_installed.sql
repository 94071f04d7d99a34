-- Version of pgSphere in this database; no row where it is not installed.
SELECT extversion FROM pg_extension WHERE extname = 'pg_sphere'
