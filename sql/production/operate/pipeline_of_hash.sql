-- The pipeline of a hash; a statement of its own so that it sees a row that another command registered meanwhile.
SELECT pipeline_id FROM production.pipeline WHERE pipeline_hash = %(pipeline_hash)s
