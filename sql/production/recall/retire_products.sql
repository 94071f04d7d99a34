-- Calibration products of a superseded attempt are retired, not deleted: attempts that used them keep their links.
UPDATE calibration.product SET retired_at = coalesce(retired_at, now()) WHERE attempt_id = %(attempt_id)s
