-- Scans that a release considered and whose area holds a place: chosen or not and why, which bands have data there, how far
-- from the edges of what all bands cover, and the magnitude of SNR 10 by band as the release calibrated it.
WITH place AS (
    SELECT spoint(radians(%(ra)s::float8), radians(%(decl)s::float8)) AS point, wsdb.cell(%(ra)s::float8, %(decl)s::float8) AS cell,
           cosd(%(decl)s::float8) * cosd(%(ra)s::float8) AS x, cosd(%(decl)s::float8) * sind(%(ra)s::float8) AS y,
           sind(%(decl)s::float8) AS z
)
SELECT
    r.name AS run, n.date, n.hemis, o.scan, s.scan_key, s.tile, s.selected, s.reason, v.bands, v.covered,
    (SELECT floor(min(asind(place.x * e.n[1] + place.y * e.n[2] + place.z * e.n[3])) * 3600)
     FROM release.edge_normals(s.attempt_id) AS e (n)) AS edge_arcsec,
    (SELECT m.value + coalesce(z.offset_mag, 0) FROM quality.metric AS m
     LEFT JOIN calibration.scan_zero_point AS z
         ON z.solution_id = q.solution_id AND z.scan_key = s.scan_key AND z.band = m.band
     WHERE m.attempt_id = s.attempt_id AND m.name = 'snr10_predicted_mag' AND m.band = 'j') AS j_limit_mag,
    (SELECT m.value + coalesce(z.offset_mag, 0) FROM quality.metric AS m
     LEFT JOIN calibration.scan_zero_point AS z
         ON z.solution_id = q.solution_id AND z.scan_key = s.scan_key AND z.band = m.band
     WHERE m.attempt_id = s.attempt_id AND m.name = 'snr10_predicted_mag' AND m.band = 'h') AS h_limit_mag,
    (SELECT m.value + coalesce(z.offset_mag, 0) FROM quality.metric AS m
     LEFT JOIN calibration.scan_zero_point AS z
         ON z.solution_id = q.solution_id AND z.scan_key = s.scan_key AND z.band = m.band
     WHERE m.attempt_id = s.attempt_id AND m.name = 'snr10_predicted_mag' AND m.band = 'k') AS k_limit_mag
FROM place
CROSS JOIN release.scan AS s
JOIN production.run AS r ON r.run_id = s.run_id
JOIN survey.scan AS o ON o.scan_key = s.scan_key
JOIN survey.night AS n ON n.night_id = o.night_id
LEFT JOIN release.solution AS q
    ON q.release_id = s.release_id AND q.run_id = s.run_id AND q.night_id = o.night_id
CROSS JOIN LATERAL (
    SELECT string_agg(c.band, '' ORDER BY position(c.band IN 'jhk')) FILTER (WHERE c.band <> '-' AND c.coverage @> place.cell) AS bands,
           bool_or(c.band = '-' AND c.coverage @> place.cell) AS covered
    FROM wsdb.scan_coverage AS c
    WHERE c.attempt_id = s.attempt_id
    HAVING bool_or(place.point <@ c.footprint)
) AS v
WHERE s.release_id = %(release_id)s
ORDER BY s.selected DESC, s.rank, s.scan_key, r.name
