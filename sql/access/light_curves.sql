-- What every scan of a field in a run measured of some stars: calibrated magnitudes of the nearest source within 1.5 arcsec of
-- each, as its night is calibrated now; scans that do not have the star have no row.
SELECT s.number, v.scan_key, n.date, n.hemis, v.scan, v.started_at, m.j_m, m.h_m, m.k_m, m.solution_id IS NOT NULL AS calibrated
FROM production.attempt AS a
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS v ON v.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = v.night_id
CROSS JOIN unnest(%(ra)s::float8[], %(decl)s::float8[]) WITH ORDINALITY AS s (ra, decl, number)
CROSS JOIN LATERAL (
    SELECT p.j_m, p.h_m, p.k_m, p.solution_id
    FROM wsdb.point_sources_near(s.ra, s.decl, 1.5 / 3600) AS p
    WHERE p.run_id = a.run_id AND p.scan_key = a.scan_key
    ORDER BY spoint(radians(p.ra), radians(p.decl)) <-> spoint(radians(s.ra), radians(s.decl)) LIMIT 1
) AS m
WHERE a.accepted AND r.name = %(run)s AND v.tile = %(tile)s
ORDER BY s.number, v.started_at, v.scan_key
