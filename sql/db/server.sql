-- What runs: server, database, login, pgSphere and the size of the database in megabytes.
SELECT current_setting('server_version') AS postgresql, current_database() AS database, current_user AS "user",
       (SELECT extversion FROM pg_extension WHERE extname = 'pg_sphere') AS pgsphere,
       round(pg_database_size(current_database()) / 1e6)::int AS size_mb
