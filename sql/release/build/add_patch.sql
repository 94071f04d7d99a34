-- A patch of the release that is being built; the run by its name among the parents. No row back: it is no parent.
INSERT INTO release.patch (release_id, number, action, product, run_id, removed_src_id, restored_src_id, reason, person)
SELECT %(release_id)s, %(number)s, %(action)s, %(product)s, p.run_id, %(removed)s::bigint, %(restored)s::bigint, %(reason)s, %(person)s
FROM release.parent_run AS p WHERE p.release_id = %(release_id)s AND p.name = %(run)s
RETURNING number
