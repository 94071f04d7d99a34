-- Calibration products of a replaced attempt stop being valid, so that the new ones do not overlap them.
UPDATE calibration.product SET retired_at = now() WHERE attempt_id = %(attempt_id)s AND retired_at IS NULL
