-- Which calibration products an attempt read.
INSERT INTO production.attempt_calibration (attempt_id, calibration_id)
SELECT %(attempt_id)s, unnest(%(calibration_ids)s::bigint[])
