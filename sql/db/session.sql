-- What every session of mapps needs, whatever the database, the role, PGOPTIONS or a pool in between say; set and read
-- back in one message to the server. A time limit that the operator's own options give is kept; one that the database or
-- the login has for others is not, but for a reader's idle session: it would end a publication, or the building of an
-- index, half way, each time again. The role is taken last
-- of all: its own settings do not apply after SET ROLE, so a reader's are made here. Nothing is set where another process
-- answers than the one that the login named: a pool that shares sessions would hand the settings to others.
SELECT set_config('default_transaction_isolation', 'read committed', false),
       set_config('TimeZone', 'UTC', false),
       set_config('DateStyle', 'ISO, YMD', false),
       set_config('IntervalStyle', 'postgres', false),
       set_config('extra_float_digits', '1', false),
       set_config('bytea_output', 'hex', false),
       set_config('standard_conforming_strings', 'on', false),
       set_config('transform_null_equals', 'off', false),
       set_config('search_path', CASE WHEN (SELECT source FROM pg_catalog.pg_settings WHERE name = 'search_path') = 'client'
                                      THEN concat_ws(', ', nullif(current_setting('search_path'), ''), 'public')
                                      ELSE 'public' END, false),
       set_config('statement_timeout', coalesce(
           (SELECT setting FROM pg_catalog.pg_settings
            WHERE name = 'statement_timeout' AND source = 'client' AND setting <> '0'),
           %(statement_timeout_ms)s::text, '0'), false),
       set_config('idle_in_transaction_session_timeout', coalesce(
           (SELECT setting FROM pg_catalog.pg_settings
            WHERE name = 'idle_in_transaction_session_timeout' AND source = 'client' AND setting <> '0'),
           %(idle_in_transaction_ms)s::text, current_setting('idle_in_transaction_session_timeout')), false),
       set_config('array_nulls', 'on', false),
       -- By name, because transaction_timeout came with PostgreSQL 17.
       (SELECT count(set_config(name, '0', false)) FROM pg_catalog.pg_settings
        WHERE name IN ('lock_timeout', 'idle_session_timeout', 'transaction_timeout')
              AND source <> 'client' AND setting <> '0' AND NOT (%(read_only)s::boolean AND name = 'idle_session_timeout')),
       set_config('default_transaction_read_only',
                  CASE WHEN %(read_only)s::boolean THEN 'on' ELSE current_setting('default_transaction_read_only') END, false),
       set_config('role', coalesce(%(role)s::text, current_setting('role')), false)
WHERE %(backend_pid)s::integer IS NULL OR %(backend_pid)s::integer = pg_backend_pid();
SELECT current_user::text AS role, current_database()::text AS database,
       current_setting('server_encoding') AS server_encoding, current_setting('client_encoding') AS client_encoding,
       current_setting('default_transaction_isolation') AS isolation,
       current_setting('default_transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS standby,
       (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'statement_timeout') AS statement_timeout_ms,
       pg_backend_pid() AS backend_pid
