-- The run an operator works on, locked: operators' changes of one run follow each other, and a release that is being
-- built from it (its parent_run row holds a key lock) is waited for.
SELECT r.run_id, r.name, r.kind, r.state, r.zones, r.sealed_at, r.pipeline_id, p.pipeline_hash, p.code_version,
       p.code_commit, p.frozen_at
FROM production.run AS r JOIN production.pipeline AS p USING (pipeline_id)
WHERE r.name = %(name)s
FOR UPDATE OF r
