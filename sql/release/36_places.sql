-- Places of candidates by the astrometric solution of their run (26_astrometry.sql), with the six decimals of a published
-- position. Runs without one keep the places of their registration. Distances from edges stay: they are whole arc seconds.
--
-- By hand:    in the session of 30_candidates.sql

WITH placed AS (
    SELECT c.src_id, place.ra, place.decl, unit.x, unit.y, unit.z
    FROM release.astrometry AS a
    JOIN release.scan AS s ON s.release_id = a.release_id AND s.run_id = a.run_id AND s.selected
    JOIN calibration.scan_astrometry AS g
        ON g.astrometry_id = a.astrometry_id AND g.scan_key = s.scan_key AND g.attempt_id = s.attempt_id
    JOIN zone_candidate AS c ON c.run_id = s.run_id AND c.scan_key = s.scan_key
    JOIN wsdb.point_measurement AS p ON p.run_id = c.run_id AND p.src_id = c.src_id
    CROSS JOIN LATERAL calibration.corrected_place(p.ra, p.decl, g.south_deg, g.segment_deg, g.east_arcsec, g.north_arcsec) AS q
    CROSS JOIN LATERAL (
        SELECT (round(q.ra_corrected * 1e6)::bigint + 360000000) % 360000000 / 1e6::double precision AS ra,
               round(q.decl_corrected * 1e6) / 1e6 AS decl OFFSET 0
    ) AS place
    CROSS JOIN LATERAL (
        SELECT cosd(place.decl) * cosd(place.ra) AS x, cosd(place.decl) * sind(place.ra) AS y, sind(place.decl) AS z OFFSET 0
    ) AS unit
    WHERE a.release_id = release.current_id()
)
UPDATE zone_candidate AS c
SET ra = p.ra, decl = p.decl, x = p.x, y = p.y, z = p.z,
    u = p.x * f.east_x + p.y * f.east_y + p.z * f.east_z, v = p.x * f.north_x + p.y * f.north_y + p.z * f.north_z
FROM placed AS p
CROSS JOIN (SELECT * FROM release.work_zone WHERE zone = release.current_zone()) AS f
WHERE p.src_id = c.src_id;

SELECT count(*) AS rows FROM zone_candidate AS c
JOIN release.astrometry AS a ON a.release_id = release.current_id() AND a.run_id = c.run_id
WHERE c.core;
