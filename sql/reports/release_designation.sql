-- The extraction behind a released source of this name.
SELECT run_id, src_id FROM release.psc WHERE release_id = %(release_id)s AND designation = %(designation)s
