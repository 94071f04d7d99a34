-- Read pg_ident.conf and the other files of configuration again; open sessions go on.
SELECT pg_reload_conf()
