-- A new run; no row back means that the name is taken.
INSERT INTO production.run (name, kind, pipeline_id, zones, created_by)
VALUES (%(name)s, %(kind)s, %(pipeline_id)s, %(zones)s, %(created_by)s)
ON CONFLICT (name) DO NOTHING
RETURNING run_id
