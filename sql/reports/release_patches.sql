-- Patches of a release in their order, by run name: what `mapps release build --patch` reads again.
SELECT t.action, r.name AS run, t.removed_src_id, t.restored_src_id, t.person, t.reason, t.product
FROM release.patch AS t JOIN release.parent_run AS r USING (release_id, run_id)
WHERE t.release_id = %(release_id)s
ORDER BY t.number
