-- Pipelines by key, or by the start of their hash or of their parameters' hash: a parameter set, or one with a code.
SELECT p.pipeline_id AS key,
       CASE WHEN starts_with(p.parameters_hash, %(start)s::text) THEN p.parameters_hash ELSE p.pipeline_hash END AS content,
       format('code %%s %%s, parameters %%s', p.code_version, left(p.code_commit, 12), left(p.parameters_hash, 12)) AS told
FROM production.pipeline AS p
WHERE (%(key)s::bigint IS NULL OR p.pipeline_id = %(key)s::bigint)
  AND (%(start)s::text IS NULL OR starts_with(p.pipeline_hash, %(start)s::text)
       OR starts_with(p.parameters_hash, %(start)s::text))
  AND (%(name)s::text IS NULL OR p.code_version = %(name)s::text)
ORDER BY p.pipeline_id DESC
