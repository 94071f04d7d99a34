-- Night calibrations of a run that are valid at a time, one a band and camera configuration, recalled ones left out.
SELECT calibration_id, band, camera, url, sha256
FROM calibration.product
WHERE run_id = %(run_id)s AND kind = 'night' AND hemis = %(hemis)s AND valid @> %(at)s::timestamptz
  AND retired_at IS NULL
ORDER BY band, camera
