-- A calibration product by key or by the start of its SHA-256.
SELECT calibration_id, url, sha256 FROM calibration.product
WHERE calibration_id::text = %(given)s OR starts_with(sha256, %(given)s)
ORDER BY calibration_id
LIMIT 2
