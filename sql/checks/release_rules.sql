-- Verdicts are what their rules say: a released row failed none, unless a patch put it back, another has its first failed rule as
-- reason, and no rule was both met and failed. And a released point has a valid band and no artefact letter.
SELECT 'verdict' AS what, v.release_id, v.run_id, v.src_id AS key, v.reason, release.rules(v.failed) AS failed
FROM release.verdict AS v
WHERE v.passed & v.failed <> 0
   OR NOT v.released AND v.failed <> 0 AND v.reason <> release.first_rule(v.failed)
   OR v.released AND v.failed <> 0 AND NOT EXISTS (
       SELECT FROM release.patch AS t
       WHERE t.release_id = v.release_id AND t.product = 'psc' AND t.run_id = v.run_id AND t.restored_src_id = v.src_id)
UNION ALL
SELECT 'extended_verdict', v.release_id, v.run_id, v.ext_id, v.reason, release.rules(v.failed)
FROM release.extended_verdict AS v
WHERE v.passed & v.failed <> 0
   OR v.released AND v.failed <> 0 AND NOT EXISTS (
       SELECT FROM release.patch AS t
       WHERE t.release_id = v.release_id AND t.product = 'xsc' AND t.run_id = v.run_id AND t.restored_src_id = v.ext_id)
   OR NOT v.released AND v.failed <> 0 AND v.reason <> release.first_rule(v.failed)
UNION ALL
SELECT 'psc', c.release_id, c.run_id, c.src_id, c.rd_flg, ARRAY[c.cc_flg]
FROM release.psc AS c
WHERE (c.rd_flg !~ '[123]' OR c.cc_flg COLLATE "C" ~ '[A-Z]') AND NOT EXISTS (
    SELECT FROM release.patch AS t
    WHERE t.release_id = c.release_id AND t.product = 'psc' AND t.run_id = c.run_id AND t.restored_src_id = c.src_id);
