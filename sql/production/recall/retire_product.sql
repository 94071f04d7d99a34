-- An operator recalls a product: no attempt may use it from now on.
UPDATE calibration.product SET retired_at = coalesce(retired_at, now()) WHERE calibration_id = %(calibration_id)s
