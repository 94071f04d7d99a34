-- Selected raw scans whose magnitudes no accepted solution makes, by night and reason; a zero point must be there for every
-- band with images. Finished images have their own zero points.
SELECT run.name AS run, n.date, n.hemis, count(*) AS scans, z.solution_id, q.state, q.retired_because
FROM release.scan AS s
JOIN production.run AS run USING (run_id)
JOIN survey.scan AS o ON o.scan_key = s.scan_key AND o.entry = 'raw'
JOIN survey.night AS n ON n.night_id = o.night_id
LEFT JOIN calibration.adopted_zero_point AS z ON z.run_id = s.run_id AND z.scan_key = s.scan_key
LEFT JOIN calibration.solution AS q ON q.solution_id = z.solution_id
WHERE s.release_id = %(release_id)s AND s.selected
  AND (q.state IS DISTINCT FROM 'accepted'
       OR EXISTS (
           SELECT FROM wsdb.atlas_measurement AS i
           WHERE i.attempt_id = s.attempt_id
             AND CASE i.band WHEN 'j' THEN z.j_error_mag WHEN 'h' THEN z.h_error_mag ELSE z.k_error_mag END IS NULL))
GROUP BY run.name, n.date, n.hemis, z.solution_id, q.state, q.retired_because
ORDER BY q.state = 'retired' DESC NULLS LAST, n.date, n.hemis, run.name
