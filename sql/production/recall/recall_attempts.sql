-- Attempts whose published rows depend on what is recalled: a calibration product, a raw file, or a code version
-- (and commit). Calibrations made from it pass it on; `step` counts how many times. Of superseded attempts nothing
-- is left in the tables, so only accepted ones are listed.
WITH RECURSIVE touched (attempt_id, through, step) AS (
    SELECT seed.attempt_id, seed.through, 0
    FROM (
        SELECT a.attempt_id, 'read the file' AS through
        FROM production.attempt AS a JOIN production.attempt_raw_file AS f USING (attempt_id)
        WHERE a.accepted AND f.raw_file_id = %(raw_file_id)s::bigint
        UNION ALL
        SELECT a.attempt_id, 'made the product'
        FROM production.attempt AS a JOIN calibration.product AS c USING (attempt_id)
        WHERE a.accepted AND c.calibration_id = %(calibration_id)s::bigint
        UNION ALL
        SELECT a.attempt_id, 'used the product'
        FROM production.attempt AS a JOIN production.attempt_calibration AS u USING (attempt_id)
        WHERE a.accepted AND u.calibration_id = %(calibration_id)s::bigint
        UNION ALL
        SELECT a.attempt_id, 'ran this code'
        FROM production.attempt AS a
        WHERE a.accepted AND a.code_version = %(code_version)s::text
          AND (%(code_commit)s::text IS NULL OR starts_with(a.code_commit, %(code_commit)s::text))
    ) AS seed
    UNION
    SELECT a.attempt_id, 'used a product made from it', touched.step + 1
    FROM touched
    JOIN calibration.product AS c ON c.attempt_id = touched.attempt_id
    JOIN production.attempt_calibration AS u USING (calibration_id)
    JOIN production.attempt AS a ON a.attempt_id = u.attempt_id AND a.accepted
    -- A recalled product drags along its own users, not those of its sisters in the other bands.
    WHERE %(calibration_id)s::bigint IS NULL OR c.calibration_id = %(calibration_id)s::bigint OR touched.step > 0
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
