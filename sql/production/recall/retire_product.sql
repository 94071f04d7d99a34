-- An operator recalls products: no attempt may use them from now on.
UPDATE calibration.product SET retired_at = coalesce(retired_at, now()) WHERE calibration_id = ANY (%(calibration_ids)s::bigint[])
