-- Standards that stand behind the sets of the nights of a run, and how often they were measured: of the same solutions as
-- steps/solution_sets.
WITH latest AS (
    SELECT DISTINCT ON (s.night_id) s.night_id, s.solution_id
    FROM calibration.solution AS s
    JOIN production.attempt AS a ON a.attempt_id = s.attempt_id AND a.accepted
    WHERE s.run_id = %(run_id)s AND s.kind = 'night' AND s.state <> 'retired'
    ORDER BY s.night_id, s.solution_id DESC
)
SELECT u.standard, u.band, sum(u.measurements)::integer AS measurements, max(u.star_hash) AS star_hash
FROM latest AS l JOIN calibration.standard_used AS u USING (solution_id)
GROUP BY u.standard, u.band
ORDER BY u.standard COLLATE "C", u.band
