-- Of scans whose night has adopted a solution: zero point error, lost light, whether photometric, clouds that the scan's own
-- frames saw included; and the depth on the calibrated scale, which is the reduction's prediction plus the solution's offset.
WITH adopted AS (
    SELECT z.scan_key, z.night_id, z.band, z.offset_mag, z.error_mag, z.loss_mag, z.photometric, a.attempt_id
    FROM calibration.scan_verdict AS z
    JOIN production.attempt AS a ON a.run_id = z.run_id AND a.scan_key = z.scan_key AND a.accepted
    WHERE z.run_id = %(run_id)s AND z.solution_state = 'accepted'
      AND (%(night_id)s::integer IS NULL OR z.night_id = %(night_id)s)
)
INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)
SELECT %(run_id)s, a.night_id, a.scan_key, m.name, a.band, m.value, 1
FROM adopted AS a
LEFT JOIN quality.metric AS p ON p.attempt_id = a.attempt_id AND p.name = 'snr10_predicted_mag' AND p.band = a.band
CROSS JOIN LATERAL (VALUES
    ('zero_point_error_mag', a.error_mag), ('zero_point_loss_mag', a.loss_mag), ('snr10_mag', p.value + a.offset_mag)
) AS m (name, value)
WHERE m.value IS NOT NULL
UNION ALL
SELECT %(run_id)s, a.night_id, a.scan_key, 'photometric', '-', bool_and(a.photometric)::integer, count(*)
FROM adopted AS a GROUP BY a.night_id, a.scan_key
ORDER BY 3, 4, 5
