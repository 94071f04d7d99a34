-- Calibration sets of a night in a solution, in the order of time, a row a set and band.
SELECT u.number, trim(u.band) AS band, u.field, u.observed_at, u.airmass, u.scans, u.standards, u.offset_mag, u.error_mag,
       u.scatter_mag, u.residual_mag, u.weight, u.accepted
FROM calibration.set_used AS u
WHERE u.solution_id = %(solution_id)s AND u.night_id = %(night_id)s
ORDER BY u.number, u.band
