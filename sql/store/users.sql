-- Who uses a file of the store: the attempts that made it, accepted ones first, and the releases that hold it, that were
-- drawn from such an attempt, or from a scan that was calibrated with the file.
WITH made AS (
    SELECT attempt_id FROM wsdb.atlas_measurement WHERE url = %(name)s
    UNION SELECT attempt_id FROM wsdb.postage_stamp WHERE url = %(name)s
    UNION SELECT attempt_id FROM calibration.product WHERE url = %(name)s
    UNION SELECT attempt_id FROM quality.scan_diagnostics WHERE url = %(name)s
    UNION SELECT s.attempt_id FROM release.atlas AS i JOIN release.scan AS s USING (release_id, scan_key)
          WHERE i.url = %(name)s AND s.selected
    UNION SELECT s.attempt_id FROM release.stamp AS p JOIN release.scan AS s USING (release_id, scan_key)
          WHERE p.url = %(name)s AND s.selected
), used AS (
    SELECT m.attempt_id, m.attempt_id AS user_id FROM made AS m
    UNION SELECT p.attempt_id, c.attempt_id FROM calibration.product AS p JOIN production.attempt_calibration AS c
          USING (calibration_id) WHERE p.url = %(name)s
)
SELECT a.attempt_id, r.name AS run, t.kind, n.date, n.hemis, s.scan, a.accepted, a.code_version, a.code_commit,
       (SELECT count(*) FROM used AS u JOIN production.attempt AS b ON b.attempt_id = u.user_id
        WHERE u.attempt_id = a.attempt_id AND u.user_id <> a.attempt_id AND b.accepted) AS calibrated_scans,
       ARRAY(SELECT DISTINCT e.name FROM used AS u JOIN release.scan AS c ON c.attempt_id = u.user_id
             JOIN release.release AS e USING (release_id)
             WHERE u.attempt_id = a.attempt_id AND c.selected AND e.state = 'published' ORDER BY e.name) AS releases
FROM made
JOIN production.attempt AS a USING (attempt_id)
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = a.run_id
LEFT JOIN survey.night AS n USING (night_id)
LEFT JOIN survey.scan AS s ON s.scan_key = a.scan_key
ORDER BY a.accepted DESC, a.attempt_id
