-- Calibrations of a run that a scan takes, one a band and camera configuration, recalled ones left out: in a preliminary run
-- those of the night that are valid when the scan begins, in a final run those of the block that the night belongs to. Of
-- an attempt that is replayed those it recorded, whatever became of them.
SELECT p.calibration_id, p.band, p.camera, p.url, p.sha256
FROM calibration.product AS p
JOIN production.run AS r USING (run_id)
WHERE p.run_id = %(run_id)s AND p.hemis = %(hemis)s
  AND CASE
      WHEN %(recorded)s::bigint[] IS NOT NULL THEN p.calibration_id = ANY (%(recorded)s::bigint[])
      WHEN p.retired_at IS NOT NULL THEN false
      WHEN r.kind = 'final' THEN p.kind = 'block' AND p.block = (SELECT n.block FROM survey.night AS n WHERE n.night_id = %(night_id)s)
      ELSE p.kind = 'night' AND p.valid @> %(at)s::timestamptz
      END
ORDER BY p.band, p.camera
