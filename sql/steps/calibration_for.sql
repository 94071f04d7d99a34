-- Night calibrations of a run that are valid at a time, one a band and camera configuration, recalled ones left out. Of
-- an attempt that is replayed those it recorded, whatever became of them.
SELECT calibration_id, band, camera, url, sha256
FROM calibration.product
WHERE run_id = %(run_id)s AND kind = 'night' AND hemis = %(hemis)s AND valid @> %(at)s::timestamptz
  AND CASE WHEN %(recorded)s::bigint[] IS NULL THEN retired_at IS NULL
           ELSE calibration_id = ANY (%(recorded)s::bigint[]) END
ORDER BY band, camera
