-- Positional and scan indexes of a run, built when the load is over.
SELECT wsdb.seal_run(%(run_id)s::integer)
