-- Settings of the reader's role, if one of those that it must have is not there.
SELECT coalesce(rolconfig, '{}') FROM pg_roles WHERE rolname = 'mapps_reader' AND NOT coalesce(rolconfig, '{}') @> %s
