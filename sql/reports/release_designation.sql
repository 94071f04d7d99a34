-- The extractions behind released sources of this name, point or extended.
SELECT 'point' AS what, run_id, src_id FROM release.psc WHERE release_id = %(release_id)s AND designation = %(designation)s
UNION ALL
SELECT 'extended', run_id, ext_id FROM release.xsc WHERE release_id = %(release_id)s AND designation = %(designation)s
