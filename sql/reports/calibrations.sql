-- Calibration products with the accepted attempts that used them. Filters are optional; a block has the nights that it was
-- combined from, and those that departed from it.
SELECT c.calibration_id, r.name AS run, n.date, coalesce(n.hemis, c.hemis) AS hemis, c.block, c.kind, c.band, c.camera, c.sha256, c.attempt_id, lower(c.valid) AS valid_from,
       upper(c.valid) AS valid_to, c.retired_at, (c.facts ->> 'nights_combined')::real::integer AS nights,
       (c.facts ->> 'nights_departing')::real::integer AS departing,
       (SELECT count(*) FROM production.attempt_calibration AS u JOIN production.attempt AS a USING (attempt_id)
        WHERE u.calibration_id = c.calibration_id AND a.accepted) AS attempts
FROM calibration.product AS c
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n ON n.night_id = c.night_id
WHERE (%(run)s::text IS NULL OR r.name = %(run)s::text)
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR coalesce(n.hemis, c.hemis) = %(hemis)s::text)
ORDER BY c.calibration_id DESC
LIMIT %(limit)s
