-- Freeze the pipeline of a run: from here on it never changes.
UPDATE production.pipeline AS p SET frozen_at = coalesce(p.frozen_at, now())
FROM production.run AS r WHERE r.pipeline_id = p.pipeline_id AND r.name = %(run)s
RETURNING p.frozen_at
