-- use_src is 0 or 1, dup_src 0 to 2, and released is what is preferred or was seen once (background/survey 6.9), points and extended.
SELECT 'psc' AS product, release_id, pts_key AS key, use_src, dup_src FROM release.psc
WHERE use_src NOT IN (0, 1) OR dup_src NOT IN (0, 1, 2) OR use_src = 0 AND dup_src > 0
UNION ALL
SELECT 'xsc', release_id, ext_key, use_src, dup_src FROM release.xsc
WHERE use_src NOT IN (0, 1) OR dup_src NOT IN (0, 1, 2) OR use_src = 0 AND dup_src > 0;
