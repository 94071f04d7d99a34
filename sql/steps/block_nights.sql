-- Calibrations of the nights of a block that a run has made, in an order of natural keys, recalled ones left out. Of an
-- attempt that is replayed those it recorded, whatever became of them and of the block.
SELECT p.calibration_id, p.hemis, p.band, p.camera, p.url, p.sha256, p.facts, n.date, lower(p.valid) AS valid_from,
       upper(p.valid) AS valid_to
FROM calibration.product AS p
JOIN survey.night AS n USING (night_id)
WHERE p.run_id = %(run_id)s AND p.kind = 'night'
  AND CASE WHEN %(recorded)s::bigint[] IS NULL THEN n.block = %(block)s AND p.retired_at IS NULL
           ELSE p.calibration_id = ANY (%(recorded)s::bigint[]) END
ORDER BY n.date, p.hemis, p.band, p.camera COLLATE "C"
