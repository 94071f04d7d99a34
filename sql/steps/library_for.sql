-- Libraries that a scan of a final run takes, one a band and camera: those that the run names among its inputs, of the block of
-- the scan's night, with whether they were recalled since. Of an attempt that is replayed those it recorded.
SELECT p.calibration_id, p.band, p.camera, p.url, p.sha256, p.retired_at IS NOT NULL AS recalled
FROM production.final_input AS i
JOIN calibration.product AS p ON p.calibration_id = i.input_key AND p.kind = 'library'
JOIN survey.night AS n ON n.night_id = %(night_id)s AND n.hemis = p.hemis
WHERE i.run_id = %(run_id)s AND i.kind = 'calibration'
  AND CASE WHEN %(recorded)s::bigint[] IS NULL THEN p.block = n.block ELSE p.calibration_id = ANY (%(recorded)s::bigint[]) END
ORDER BY p.band, p.camera
