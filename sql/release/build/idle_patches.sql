-- Patches of a release that did not do what they say: what became of the row instead.
SELECT t.number, t.action, coalesce(out.reason, 'no such extraction') AS removed, coalesce(back.reason, 'no such extraction') AS restored
FROM release.patch AS t
LEFT JOIN release.verdict AS out
    ON out.release_id = t.release_id AND out.run_id = t.run_id AND out.src_id = t.removed_src_id
LEFT JOIN release.verdict AS back
    ON back.release_id = t.release_id AND back.run_id = t.run_id AND back.src_id = t.restored_src_id
WHERE t.release_id = %(release_id)s
  AND (t.removed_src_id IS NOT NULL AND out.reason IS DISTINCT FROM 'patch'
       OR t.restored_src_id IS NOT NULL AND back.reason IS DISTINCT FROM 'released')
ORDER BY t.number
LIMIT 5
