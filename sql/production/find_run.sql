-- A run by name.
SELECT r.run_id, r.name, r.kind, r.state, r.zones, r.sealed_at, p.code_version, p.code_commit, p.pipeline_hash,
       p.parameters, p.frozen_at
FROM production.run AS r JOIN production.pipeline AS p USING (pipeline_id)
WHERE r.name = %(run)s
