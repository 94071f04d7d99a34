-- Calibration sets of the nights of a run, as their latest solutions by their own sets have them; a set that was of no use to
-- its night has no residual.
WITH latest AS (
    SELECT DISTINCT ON (s.night_id) s.night_id, s.solution_id, s.attempt_id
    FROM calibration.solution AS s
    JOIN production.attempt AS a ON a.attempt_id = s.attempt_id AND a.accepted
    WHERE s.run_id = %(run_id)s AND s.kind = 'night' AND s.state <> 'retired'
    ORDER BY s.night_id, s.solution_id DESC
)
SELECT
    l.attempt_id, u.night_id, u.number, u.band, u.field, u.scans, u.standards, u.observed_at, u.airmass, u.offset_mag,
    u.error_mag, u.scatter_mag, u.residual_mag IS NOT NULL AS usable, u.accepted,
    (extract(epoch FROM u.observed_at) / 86400 + 40587 - (n.date - DATE '1858-11-17'))::float8 * 24 + 6 AS hours
FROM latest AS l
JOIN calibration.set_used AS u USING (solution_id)
JOIN survey.night AS n ON n.night_id = u.night_id
ORDER BY u.night_id, u.number, u.band
