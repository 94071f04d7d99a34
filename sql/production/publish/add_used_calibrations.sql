-- Which calibration products the attempt used; the caller compares the count. A product that was recalled while the
-- attempt ran is left out: such an attempt must not publish. FOR SHARE makes a recall wait for this publication.
INSERT INTO production.attempt_calibration (attempt_id, calibration_id)
SELECT %(attempt_id)s, good.calibration_id
FROM (SELECT calibration_id FROM calibration.product
      WHERE calibration_id = ANY (%(calibration_ids)s::bigint[]) AND retired_at IS NULL
      ORDER BY calibration_id FOR SHARE) AS good
RETURNING calibration_id
