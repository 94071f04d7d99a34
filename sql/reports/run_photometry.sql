-- Magnitudes and uncertainties of valid measurements of a run, at most a million rows in src_id order: enough for
-- pictures, bounded for a whole survey. Of science scans where the run has such: a calibration field is visited six times
-- and more, which would count each of its stars as often.
SELECT CASE WHEN wsdb.j_rd_flg(p.rd_flg) IN ('1', '2', '3') THEN p.j_m END, p.j_cmsig, p.j_psfchi,
       CASE WHEN wsdb.h_rd_flg(p.rd_flg) IN ('1', '2', '3') THEN p.h_m END, p.h_cmsig, p.h_psfchi,
       CASE WHEN wsdb.k_rd_flg(p.rd_flg) IN ('1', '2', '3') THEN p.k_m END, p.k_cmsig, p.k_psfchi
FROM wsdb.point_measurement AS p
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS s USING (scan_key)
WHERE r.name = %(run)s
  AND (s.kind = 'sci' OR NOT EXISTS (
      SELECT FROM production.attempt AS a JOIN survey.scan AS t ON t.scan_key = a.scan_key
      WHERE a.run_id = r.run_id AND a.accepted AND t.kind = 'sci'))
ORDER BY p.src_id
LIMIT 1000000
