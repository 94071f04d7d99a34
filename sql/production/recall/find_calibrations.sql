-- Calibration products by key or by the start of their SHA-256; a content may stand in several runs.
SELECT c.calibration_id AS key, c.sha256 AS content,
       format('%%s of run %%s, %%s, band %%s, camera %%s%%s', c.kind, r.name,
              coalesce('block ' || c.block, 'night ' || n.date || n.hemis), c.band, c.camera,
              CASE WHEN c.retired_at IS NULL THEN '' ELSE ', recalled' END) AS told
FROM calibration.product AS c
JOIN production.run AS r USING (run_id)
LEFT JOIN survey.night AS n ON n.night_id = c.night_id
WHERE (%(key)s::bigint IS NULL OR c.calibration_id = %(key)s::bigint)
  AND (%(start)s::text IS NULL OR starts_with(c.sha256, %(start)s::text))
  AND (%(name)s::text IS NULL OR c.url = %(name)s::text)
ORDER BY c.calibration_id DESC
