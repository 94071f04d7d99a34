-- Source partitions of a new run.
SELECT wsdb.create_run_partitions(%(run_id)s::integer, %(zones)s::integer)
