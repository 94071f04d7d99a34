-- Register a pipeline; the same code and parameters are the same pipeline.
INSERT INTO production.pipeline (code_version, code_commit, parameters, parameters_hash, pipeline_hash)
VALUES (%(code_version)s, %(code_commit)s, %(parameters)s, %(parameters_hash)s, %(pipeline_hash)s)
ON CONFLICT (pipeline_hash) DO NOTHING
