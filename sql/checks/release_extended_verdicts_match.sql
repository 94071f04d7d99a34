-- A row is in release.xsc exactly when its verdict says released.
SELECT coalesce(v.release_id, x.release_id) AS release_id, coalesce(v.run_id, x.run_id) AS run_id,
       coalesce(v.ext_id, x.ext_id) AS ext_id, v.reason, x.ext_key
FROM (SELECT * FROM release.extended_verdict WHERE released) AS v
FULL JOIN release.xsc AS x ON x.release_id = v.release_id AND x.run_id = v.run_id AND x.ext_id = v.ext_id
WHERE v.ext_id IS NULL OR x.ext_id IS NULL;
