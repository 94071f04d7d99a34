-- Every postage stamp belongs to an accepted attempt and to an extended source of it.
SELECT p.stamp_id, p.ext_id, p.attempt_id
FROM wsdb.postage_stamp AS p
LEFT JOIN production.attempt AS a USING (attempt_id)
LEFT JOIN wsdb.extended_measurement AS e ON e.run_id = p.run_id AND e.ext_id = p.ext_id AND e.attempt_id = p.attempt_id
WHERE a.accepted IS NOT TRUE OR e.ext_id IS NULL
ORDER BY p.stamp_id;
