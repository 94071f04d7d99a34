-- From now on the pipeline never changes (a trigger holds it); repeated, it keeps the first time.
UPDATE production.pipeline SET frozen_at = now() WHERE pipeline_id = %(pipeline_id)s AND frozen_at IS NULL
