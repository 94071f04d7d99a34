-- Patches of a release that did not do what they say: what became of the row instead.
WITH verdict AS (
    SELECT 'psc' AS product, v.run_id, v.src_id AS key, v.reason FROM release.verdict AS v
    JOIN release.patch AS t ON t.release_id = v.release_id AND t.run_id = v.run_id AND t.product = 'psc'
                               AND v.src_id IN (t.removed_src_id, t.restored_src_id)
    WHERE v.release_id = %(release_id)s
    UNION ALL
    SELECT 'xsc', v.run_id, v.ext_id, v.reason FROM release.extended_verdict AS v
    JOIN release.patch AS t ON t.release_id = v.release_id AND t.run_id = v.run_id AND t.product = 'xsc'
                               AND v.ext_id IN (t.removed_src_id, t.restored_src_id)
    WHERE v.release_id = %(release_id)s
)
SELECT t.number, t.action, coalesce(out.reason, 'no such extraction') AS removed, coalesce(back.reason, 'no such extraction') AS restored
FROM release.patch AS t
LEFT JOIN verdict AS out ON out.product = t.product AND out.run_id = t.run_id AND out.key = t.removed_src_id
LEFT JOIN verdict AS back ON back.product = t.product AND back.run_id = t.run_id AND back.key = t.restored_src_id
WHERE t.release_id = %(release_id)s
  AND (t.removed_src_id IS NOT NULL AND out.reason IS DISTINCT FROM 'patch'
       OR t.restored_src_id IS NOT NULL AND back.reason IS DISTINCT FROM 'released')
ORDER BY t.number
LIMIT 5
