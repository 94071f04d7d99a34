-- Chosen scans of a release with their corners and the magnitudes of SNR 10 as it calibrated them: maps of coverage and depth.
SELECT s.scan_key, n.date, n.hemis, o.scan, s.tile, v.ra_1, v.dec_1, v.ra_2, v.dec_2, v.ra_3, v.dec_3, v.ra_4, v.dec_4,
       d.j, d.h, d.k
FROM release.scan AS s
JOIN survey.scan AS o ON o.scan_key = s.scan_key
JOIN survey.night AS n ON n.night_id = o.night_id
JOIN wsdb.scan_coverage AS v ON v.attempt_id = s.attempt_id AND v.band = '-'
LEFT JOIN release.solution AS q ON q.release_id = s.release_id AND q.run_id = s.run_id AND q.night_id = o.night_id
CROSS JOIN LATERAL (
    SELECT max(m.value + coalesce(z.offset_mag, 0)) FILTER (WHERE m.band = 'j') AS j,
           max(m.value + coalesce(z.offset_mag, 0)) FILTER (WHERE m.band = 'h') AS h,
           max(m.value + coalesce(z.offset_mag, 0)) FILTER (WHERE m.band = 'k') AS k
    FROM quality.metric AS m
    LEFT JOIN calibration.scan_zero_point AS z
        ON z.solution_id = q.solution_id AND z.scan_key = s.scan_key AND z.band = m.band
    WHERE m.attempt_id = s.attempt_id AND m.name = 'snr10_predicted_mag'
) AS d
WHERE s.release_id = %(release_id)s AND s.selected
ORDER BY s.scan_key
