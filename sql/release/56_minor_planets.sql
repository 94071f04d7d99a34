-- Minor planets: released rows near the place where a body was predicted at the time of the row. Of each body the prediction
-- that is nearest in time counts, within half a day, moved by its rates on the tangent plane; of several bodies the nearest, of equals the first name.
--
-- Without predictions within a day of a chosen scan nobody looked: mp_flg is null, not 0. Of which places it was stands in
-- release.release (minor_planet_hash).
--
-- Parameters: minor_planet_arcsec, cell_arcsec.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/56_minor_planets.sql

UPDATE release.release AS r
SET minor_planet_hash = known.hash
FROM (
    SELECT encode(sha256(convert_to(string_agg(
               concat_ws(' ', p.name, p.jdate, p.ra, p.decl, p.rate_ra_arcsec_h, p.rate_decl_arcsec_h, p.error_arcsec), E'\n'
               ORDER BY p.name COLLATE "C", p.jdate), 'UTF8')), 'hex') AS hash
    FROM reference.minor_planet AS p
    WHERE EXISTS (
        SELECT FROM release.scan AS s JOIN survey.scan AS o USING (scan_key)
        WHERE s.release_id = release.current_id() AND s.selected AND o.jdate BETWEEN p.jdate - 1 AND p.jdate + 1)
) AS known
WHERE r.release_id = release.current_id();

WITH predicted AS (
    -- Each body at the beginning of each chosen scan, from the prediction that is nearest in time.
    SELECT DISTINCT ON (s.scan_key, p.name) s.scan_key, p.*, (o.jdate - p.jdate) * 24 AS hours
    FROM release.scan AS s
    JOIN survey.scan AS o USING (scan_key)
    JOIN reference.minor_planet AS p ON p.jdate BETWEEN o.jdate - 0.5 AND o.jdate + 0.5
    WHERE s.release_id = release.current_id() AND s.selected
    ORDER BY s.scan_key, p.name, abs(o.jdate - p.jdate), p.jdate
),
placed AS (
    SELECT p.*, u.x, u.y, u.z,
           -- A scan takes six minutes: the place is found for its beginning, and judged at the time of the row.
           release.chord(release.parameter('minor_planet_arcsec') + p.error_arcsec
                         + 0.2 * sqrt(p.rate_ra_arcsec_h ^ 2 + p.rate_decl_arcsec_h ^ 2)) AS reach
    FROM predicted AS p
    CROSS JOIN LATERAL release.moved(p.ra, p.decl, p.rate_ra_arcsec_h * p.hours, p.rate_decl_arcsec_h * p.hours) AS u
),
grid AS MATERIALIZED (
    SELECT 3 * max(reach) AS size FROM placed HAVING count(*) > 0
),
probe AS MATERIALIZED (
    SELECT p.*, near.cell FROM placed AS p CROSS JOIN grid AS g
    CROSS JOIN LATERAL release.cells_within(p.x, p.y, p.z, p.reach, g.size) AS near (cell)
),
near AS (
    SELECT m.pts_key, m.run_id, m.src_id, p.name, p.jdate, p.ra, p.decl, p.rate_ra_arcsec_h, p.rate_decl_arcsec_h, p.error_arcsec,
           m.x, m.y, m.z
    FROM grid AS g
    CROSS JOIN release.work_member AS m
    JOIN probe AS p ON p.cell = release.cell(m.x, m.y, m.z, g.size) AND p.scan_key = wsdb.scan_of(m.src_id)
    WHERE (m.x - p.x) ^ 2 + (m.y - p.y) ^ 2 + (m.z - p.z) ^ 2 < p.reach ^ 2
),
judged AS (
    SELECT n.pts_key, n.name, n.jdate, n.error_arcsec,
           degrees(2 * asin(sqrt((n.x - u.x) ^ 2 + (n.y - u.y) ^ 2 + (n.z - u.z) ^ 2) / 2)) * 3600 AS distance
    FROM near AS n
    JOIN wsdb.point_measurement AS q ON q.run_id = n.run_id AND q.src_id = n.src_id AND q.jdate IS NOT NULL
    CROSS JOIN LATERAL release.moved(n.ra, n.decl, n.rate_ra_arcsec_h * (q.jdate - n.jdate) * 24,
                                     n.rate_decl_arcsec_h * (q.jdate - n.jdate) * 24) AS u
)
INSERT INTO release.minor_planet (release_id, pts_key, name, distance_arcsec, predicted_jdate)
SELECT DISTINCT ON (pts_key) release.current_id(), pts_key, name, distance, jdate
FROM judged
WHERE distance < release.parameter('minor_planet_arcsec') + error_arcsec
ORDER BY pts_key, distance, name COLLATE "C";

SELECT count(*) AS rows FROM release.minor_planet WHERE release_id = release.current_id();
