-- Which of some attempts, and of the accepted attempts at some tasks, published releases rest on, and which releases: attempts at scans that a release chose, whose rows
-- and images it has, and those that made the calibrations these used, and so on. Everything else of their runs, also
-- scans that a release considered and did not choose, may be done again.
WITH RECURSIVE held (attempt_id, release_id) AS (
    SELECT s.attempt_id, s.release_id
    FROM release.scan AS s JOIN release.release AS e USING (release_id)
    WHERE s.selected AND e.state = 'published'
    UNION
    SELECT c.attempt_id, held.release_id
    FROM held
    JOIN production.attempt_calibration AS u USING (attempt_id)
    JOIN calibration.product AS c USING (calibration_id)
)
SELECT h.attempt_id, e.name
FROM held AS h JOIN release.release AS e USING (release_id)
WHERE h.attempt_id = ANY (%(attempt_ids)s::bigint[])
   OR h.attempt_id IN (SELECT a.attempt_id FROM production.attempt AS a
                       WHERE a.accepted AND a.task_id = ANY (%(task_ids)s::bigint[]))
ORDER BY h.attempt_id, e.name
