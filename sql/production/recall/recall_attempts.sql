-- Attempts whose published rows depend on what is recalled: inputs of one kind by their keys, or a code version (and
-- commit). Calibrations and rows made from them pass it on; `step` counts how many times. Of superseded attempts nothing
-- is left in the tables, so only accepted ones are listed.
WITH RECURSIVE touched (attempt_id, through, step) AS (
    SELECT seed.attempt_id, seed.through, 0
    FROM (
        SELECT i.attempt_id,
               CASE i.kind WHEN 'raw_file' THEN 'read the file' WHEN 'calibration' THEN 'used the product'
                           WHEN 'reference' THEN 'was given its stars' WHEN 'attempt' THEN 'used what it made'
                           ELSE 'had this pipeline' END AS through
        FROM production.attempt_input AS i JOIN production.attempt AS a USING (attempt_id)
        WHERE a.accepted AND i.kind = %(kind)s::text AND i.input_key = ANY (%(keys)s::bigint[])
        UNION ALL
        SELECT a.attempt_id, 'made the product'
        FROM production.attempt AS a JOIN calibration.product AS c USING (attempt_id)
        WHERE a.accepted AND %(kind)s::text = 'calibration' AND c.calibration_id = ANY (%(keys)s::bigint[])
        UNION ALL
        SELECT a.attempt_id, 'is the attempt'
        FROM production.attempt AS a
        WHERE a.accepted AND %(kind)s::text = 'attempt' AND a.attempt_id = ANY (%(keys)s::bigint[])
        UNION ALL
        SELECT a.attempt_id, 'ran this code'
        FROM production.attempt AS a
        WHERE a.accepted AND a.code_version = %(code_version)s::text
          AND (%(code_commit)s::text IS NULL OR starts_with(a.code_commit, %(code_commit)s::text))
    ) AS seed
    UNION
    SELECT a.attempt_id, onward.through, touched.step + 1
    FROM touched
    CROSS JOIN LATERAL (
        SELECT u.attempt_id, 'used a product made from it' AS through
        FROM calibration.product AS c JOIN production.attempt_calibration AS u USING (calibration_id)
        WHERE c.attempt_id = touched.attempt_id
          -- A recalled product drags along its own users, not those of its sisters in the other bands.
          AND (%(kind)s::text IS DISTINCT FROM 'calibration' OR c.calibration_id = ANY (%(keys)s::bigint[])
               OR touched.step > 0)
        UNION ALL
        SELECT u.attempt_id, 'read rows made from it'
        FROM production.attempt_upstream AS u WHERE u.upstream_attempt_id = touched.attempt_id
    ) AS onward
    JOIN production.attempt AS a ON a.attempt_id = onward.attempt_id AND a.accepted
), first AS (
    SELECT DISTINCT ON (attempt_id) attempt_id, through FROM touched ORDER BY attempt_id, step, through
)
SELECT a.attempt_id, r.name AS run, a.run_id, a.task_id, t.kind, t.state, t.block, n.date, n.hemis, s.scan, a.scan_key,
       first.through, coalesce(a.point_rows, 0) AS point_rows, coalesce(a.extended_rows, 0) AS extended_rows,
       ARRAY(SELECT e.name FROM release.scan AS es JOIN release.release AS e USING (release_id)
             WHERE es.attempt_id = a.attempt_id AND es.selected ORDER BY e.name) AS releases
FROM first
JOIN production.attempt AS a USING (attempt_id)
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = a.run_id
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s ON s.scan_key = a.scan_key
WHERE %(run)s::text IS NULL OR r.name = %(run)s::text
ORDER BY a.run_id, t.kind, n.date, n.hemis, s.scan
