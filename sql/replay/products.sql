-- Calibration products of an attempt.
SELECT *, lower(valid) AS valid_from, upper(valid) AS valid_to FROM calibration.product WHERE attempt_id = %(attempt_id)s
