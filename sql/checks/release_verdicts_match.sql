-- A row is in release.psc exactly when its verdict says released: no row in both the catalogue and the rejects.
SELECT coalesce(v.release_id, c.release_id) AS release_id, coalesce(v.run_id, c.run_id) AS run_id,
       coalesce(v.src_id, c.src_id) AS src_id, v.reason, c.pts_key
FROM (SELECT * FROM release.verdict WHERE released) AS v
FULL JOIN release.psc AS c ON c.release_id = v.release_id AND c.run_id = v.run_id AND c.src_id = v.src_id
WHERE v.src_id IS NULL OR c.src_id IS NULL;
