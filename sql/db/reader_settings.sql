-- Settings of the reader's role, if one of those that it must have is not there, or others for this database go before them.
SELECT coalesce(r.rolconfig, '{}') || coalesce(s.setconfig, '{}')
FROM pg_roles AS r
LEFT JOIN pg_db_role_setting AS s
    ON s.setrole = r.oid AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
WHERE r.rolname = 'mapps_reader' AND (NOT coalesce(r.rolconfig, '{}') @> %s OR s.setconfig IS NOT NULL)
