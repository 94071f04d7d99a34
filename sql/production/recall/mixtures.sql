-- Runs whose accepted attempts differ in reference catalogue, parameters or code: one row a value, with its attempts.
SELECT run, run_kind, kind, value, attempts
FROM (
    SELECT counted.*, count(*) OVER (PARTITION BY run, kind) AS variety
    FROM (
        SELECT r.name AS run, r.kind AS run_kind, 'reference catalogue' AS kind,
               coalesce(c.name || ' ' || left(c.content_hash, 12), 'none') AS value, count(*) AS attempts
        FROM production.attempt AS a
        JOIN production.run AS r USING (run_id)
        JOIN production.attempt_reference AS u USING (attempt_id)
        LEFT JOIN reference.catalogue AS c USING (catalogue_id)
        WHERE a.accepted AND (%(name)s::text IS NULL OR r.name = %(name)s::text)
        GROUP BY r.run_id, c.catalogue_id
        UNION ALL
        SELECT r.name, r.kind, 'parameter set', left(p.parameters_hash, 12), count(*)
        FROM production.attempt AS a
        JOIN production.run AS r USING (run_id)
        JOIN production.pipeline AS p ON p.pipeline_id = a.pipeline_id
        WHERE a.accepted AND (%(name)s::text IS NULL OR r.name = %(name)s::text)
        GROUP BY r.run_id, p.parameters_hash
        UNION ALL
        SELECT r.name, r.kind, 'code', concat_ws(' ', a.code_version, left(a.code_commit, 12)), count(*)
        FROM production.attempt AS a JOIN production.run AS r USING (run_id)
        WHERE a.accepted AND (%(name)s::text IS NULL OR r.name = %(name)s::text)
        GROUP BY r.run_id, a.code_version, a.code_commit
    ) AS counted
) AS seen
WHERE variety > 1
ORDER BY run, kind, attempts DESC, value
