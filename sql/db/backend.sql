-- Process of the server that answers: behind a pool not always the same.
SELECT pg_backend_pid()
