-- Key of the run of a name; no row where there is none.
SELECT run_id FROM production.run WHERE name = %(name)s
