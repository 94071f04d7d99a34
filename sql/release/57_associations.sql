-- Optical associations: the nearest star of the reference catalogue within 5 arcsec of each catalogue row, and how many
-- there are. Stars are moved to the date of the row's night by their proper motions; equal distances go to the smaller star_id.
--
-- dist_opt   separation
-- phi_opt    position angle of the infrared source seen from the optical one, east of north, as published rows have it
-- b_m_opt    B of the catalogue (B_T of Tycho-2), vr_m_opt its V (V_T), as the catalogue has them
--
-- Without a current catalogue the columns stay null. Which catalogue it was stands in release.release.
--
-- Parameters: optical_arcsec.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/57_associations.sql

UPDATE release.release AS r
SET optical_catalogue = c.name, optical_hash = c.content_hash
FROM reference.catalogue AS c
WHERE r.release_id = release.current_id() AND c.state = 'current';

-- The planner knows nothing of how cells of this size fill; a nested loop over the catalogue would never end.
SET enable_nestloop = off;

WITH span AS MATERIALIZED (
    -- Julian years of the first and the last chosen scan: 2451545 is 2000.0.
    SELECT 2000 + (min(n.date) - date '2000-01-01') / 365.25::double precision AS first_year,
           2000 + (max(n.date) - date '2000-01-01') / 365.25::double precision AS last_year
    FROM release.scan AS s
    JOIN survey.scan AS o USING (scan_key)
    JOIN survey.night AS n USING (night_id)
    WHERE s.release_id = release.current_id() AND s.selected
),
moving AS (
    SELECT
        t.star_id, t.ra, t.decl, t.epoch_year, coalesce(t.pm_ra_mas_yr, 0) / 3.6e6 AS pm_ra, coalesce(t.pm_decl_mas_yr, 0) / 3.6e6 AS pm_decl,
        t.bt_mag, t.vt_mag, (s.first_year + s.last_year) / 2 - t.epoch_year AS years, (s.last_year - s.first_year) / 2 AS half_span
    FROM reference.star AS t
    JOIN reference.catalogue AS c ON c.catalogue_id = t.catalogue_id AND c.state = 'current'
    CROSS JOIN span AS s
),
placed AS (
    SELECT
        m.*, unit.*,
        -- What the star moves from the middle of the survey to its ends, and a year more, is kept as a margin.
        release.chord(release.parameter('optical_arcsec') + sqrt(m.pm_ra ^ 2 + m.pm_decl ^ 2) * 3600 * (m.half_span + 1)) AS reach
    FROM moving AS m
    CROSS JOIN LATERAL (
        SELECT m.ra + m.pm_ra * m.years / greatest(cosd(m.decl), 1e-6) AS mid_ra,
               least(90, greatest(-90, m.decl + m.pm_decl * m.years)) AS mid_decl OFFSET 0
    ) AS middle
    CROSS JOIN LATERAL (
        SELECT cosd(middle.mid_decl) * cosd(middle.mid_ra) AS x, cosd(middle.mid_decl) * sind(middle.mid_ra) AS y,
               sind(middle.mid_decl) AS z OFFSET 0
    ) AS unit
),
grid AS MATERIALIZED (
    SELECT 3 * max(reach) AS size FROM placed HAVING count(*) > 0
),
probe AS MATERIALIZED (
    SELECT p.*, near.cell
    FROM placed AS p
    CROSS JOIN grid AS g
    CROSS JOIN LATERAL release.cells_within(p.x, p.y, p.z, p.reach, g.size) AS near (cell)
),
pair AS (
    SELECT
        m.pts_key, p.star_id, p.bt_mag, p.vt_mag, at_date.ra AS star_ra, at_date.decl AS star_decl, m.ra, m.decl,
        degrees(2 * asin(least(1, sqrt(power(m.x - cosd(at_date.decl) * cosd(at_date.ra), 2)
                                       + power(m.y - cosd(at_date.decl) * sind(at_date.ra), 2)
                                       + power(m.z - sind(at_date.decl), 2)) / 2))) * 3600 AS dist_opt
    FROM probe AS p
    CROSS JOIN grid AS g
    JOIN release.work_member AS m ON release.cell(m.x, m.y, m.z, g.size) = p.cell
    JOIN survey.night AS n ON n.night_id = wsdb.scan_of(m.src_id) >> 10
    CROSS JOIN LATERAL (
        SELECT 2000 + (n.date - date '2000-01-01') / 365.25::double precision - p.epoch_year AS years OFFSET 0
    ) AS since
    CROSS JOIN LATERAL (
        SELECT p.ra + p.pm_ra * since.years / greatest(cosd(p.decl), 1e-6) AS ra,
               least(90, greatest(-90, p.decl + p.pm_decl * since.years)) AS decl OFFSET 0
    ) AS at_date
    WHERE (m.x - p.x) ^ 2 + (m.y - p.y) ^ 2 + (m.z - p.z) ^ 2 <= p.reach ^ 2
),
near AS (
    SELECT q.*, row_number() OVER (PARTITION BY q.pts_key ORDER BY q.dist_opt, q.star_id) AS rank,
           count(*) OVER (PARTITION BY q.pts_key) AS nopt_mchs
    FROM pair AS q
    WHERE q.dist_opt <= release.parameter('optical_arcsec')
)
INSERT INTO release.work_association (pts_key, dist_opt, phi_opt, b_m_opt, vr_m_opt, nopt_mchs)
SELECT n.pts_key, n.dist_opt, release.position_angle(n.star_ra, n.star_decl, n.ra, n.decl), n.bt_mag, n.vt_mag, n.nopt_mchs
FROM near AS n
WHERE n.rank = 1;

RESET enable_nestloop;

SELECT release.analyze('work_association');

SELECT count(*) AS rows FROM release.work_association;
