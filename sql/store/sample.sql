-- Some files of the store, found by keys of no particular rows: a few index look-ups, however large the tables are.
SELECT DISTINCT f.url, f.sha256
FROM generate_series(1, %(number)s) AS g (n)
CROSS JOIN LATERAL (
    (SELECT i.url, i.sha256 FROM wsdb.atlas_measurement AS i
     WHERE i.image_id >= 1 + floor(random() * (SELECT max(image_id) FROM wsdb.atlas_measurement)) + 0 * g.n
     ORDER BY i.image_id LIMIT 1)
    UNION ALL
    (SELECT p.url, p.sha256 FROM calibration.product AS p
     WHERE p.calibration_id >= 1 + floor(random() * (SELECT max(calibration_id) FROM calibration.product)) + 0 * g.n
     ORDER BY p.calibration_id LIMIT 1)
    UNION ALL
    (SELECT w.url, w.sha256 FROM wsdb.postage_stamp AS w
     WHERE w.stamp_id >= 1 + floor(random() * (SELECT max(stamp_id) FROM wsdb.postage_stamp)) + 0 * g.n
     ORDER BY w.stamp_id LIMIT 1)
    UNION ALL
    (SELECT d.url, d.sha256 FROM quality.scan_diagnostics AS d
     WHERE d.attempt_id >= 1 + floor(random() * (SELECT max(attempt_id) FROM quality.scan_diagnostics)) + 0 * g.n
     ORDER BY d.attempt_id LIMIT 1)
) AS f
WHERE f.url !~ '^/|://'
ORDER BY f.url, f.sha256
