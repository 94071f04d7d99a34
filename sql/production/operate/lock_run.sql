-- The run an operator works on, locked: operators' changes of one run follow each other. NO KEY: a release that is being
-- drawn from it holds a key lock for as long as that takes, and only a recall must wait for it (await_releases).
SELECT r.run_id, r.name, r.kind, r.state, r.zones, r.sealed_at, r.pipeline_id, p.pipeline_hash, p.code_version,
       p.code_commit, p.frozen_at, r.release_id
FROM production.run AS r JOIN production.pipeline AS p USING (pipeline_id)
WHERE r.name = %(name)s
FOR NO KEY UPDATE OF r
