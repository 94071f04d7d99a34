-- Stars that two chosen scans saw: the released row beside the apparition that lost to it, differences of magnitude by band and of
-- place. Magnitudes of both are on the scale of the solutions of the release.
SELECT p.j_m, p.h_m, p.k_m,
       CASE WHEN p.j_cmsig IS NOT NULL AND q.j_cmsig IS NOT NULL THEN q.j_m + coalesce(z.j, 0) - p.j_m END,
       CASE WHEN p.h_cmsig IS NOT NULL AND q.h_cmsig IS NOT NULL THEN q.h_m + coalesce(z.h, 0) - p.h_m END,
       CASE WHEN p.k_cmsig IS NOT NULL AND q.k_cmsig IS NOT NULL THEN q.k_m + coalesce(z.k, 0) - p.k_m END,
       ((q.ra - p.ra + 540)::numeric %% 360 - 180)::double precision * cosd(p.decl) * 3600, (q.decl - p.decl) * 3600
FROM release.verdict AS v
JOIN release.psc AS p ON p.release_id = v.release_id AND p.run_id = v.winner_run_id AND p.src_id = v.winner_src_id
JOIN wsdb.point_measurement AS q ON q.run_id = v.run_id AND q.src_id = v.src_id
LEFT JOIN release.solution AS s ON s.release_id = v.release_id AND s.run_id = v.run_id AND s.night_id = wsdb.scan_of(v.src_id) >> 10
LEFT JOIN LATERAL (
    SELECT max(c.offset_mag) FILTER (WHERE c.band = 'j') AS j, max(c.offset_mag) FILTER (WHERE c.band = 'h') AS h,
           max(c.offset_mag) FILTER (WHERE c.band = 'k') AS k
    FROM calibration.scan_zero_point AS c WHERE c.solution_id = s.solution_id AND c.scan_key = wsdb.scan_of(v.src_id)
) AS z ON true
WHERE v.release_id = %(release_id)s AND v.reason = 'duplicate'
ORDER BY v.src_id
LIMIT 200000
