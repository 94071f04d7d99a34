-- Artefacts across scans among extended sources (47_artefacts.sql has those among points). Within a scan the extended source of a point
-- source that is an artefact is left out of the list; the same holds here: the point source of each candidate is held against
-- the stars of 29_bright_stars.sql by the rules of points, whether or not it is a candidate itself; but that it does not fit
-- the profile tells nothing of a galaxy. A candidate without a point source is not judged.
--
-- removed    every band that detected the point source is explained: verdict artefact
-- touched    explained in some bands, or a little brighter than the artefact: c (halo) or d (spike) in cc_flg
--            (74_extended_artefact_flags.sql); the row stays
--
-- Rows that a patch puts back are not marked.
--
-- Parameters: artefact_spike_mag, cell_arcsec; rules: parameter sets of the runs, section artefacts.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/59_extended_artefacts.sql

-- The planner knows nothing of how cells fill; loops over rows are written as such (LATERAL).
SET enable_nestloop = off;

CREATE TEMPORARY TABLE extended_judged AS
WITH limits AS MATERIALIZED (
    SELECT
        release.chord(release.parameter('cell_arcsec')) AS size, release.parameter('artefact_spike_mag') AS sure
),
rule AS MATERIALIZED (
    SELECT
        p.run_id, a.rules -> 'spike' AS spike, a.rules #> '{halo,relation}' AS relation,
        (a.rules ->> 'sigmas')::float8 AS sigmas, (a.rules ->> 'affected_mag')::float8 AS affected,
        ARRAY(SELECT v::float8 FROM jsonb_array_elements_text(a.rules #> '{halo,parent_limit_mag}') WITH ORDINALITY AS t (v, n) ORDER BY n) AS halo_limit,
        ARRAY(SELECT v::float8 FROM jsonb_array_elements_text(a.rules #> '{spike,parent_limit_mag}') WITH ORDINALITY AS t (v, n) ORDER BY n) AS spike_limit
    FROM release.parent_run AS p
    JOIN production.run AS r USING (run_id)
    JOIN production.pipeline AS q USING (pipeline_id)
    CROSS JOIN LATERAL (SELECT q.parameters -> 'artefacts' AS rules) AS a
    WHERE p.release_id = release.current_id() AND a.rules IS NOT NULL
),
-- Middle of each chosen scan, whose north is that of its frames.
scan AS MATERIALIZED (
    SELECT s.run_id, s.scan_key, s.attempt_id, atan2d(sum(cosd(c.decl) * sind(c.ra)), sum(cosd(c.decl) * cosd(c.ra))) AS ra
    FROM release.scan AS s
    JOIN wsdb.scan_coverage AS v ON v.attempt_id = s.attempt_id AND v.band = '-'
    CROSS JOIN LATERAL (VALUES (v.ra_1, v.dec_1), (v.ra_2, v.dec_2), (v.ra_3, v.dec_3), (v.ra_4, v.dec_4)) AS c (ra, decl)
    WHERE s.release_id = release.current_id() AND s.selected
    GROUP BY s.run_id, s.scan_key, s.attempt_id
),
-- The point source of each candidate, which is judged for it.
placed AS MATERIALIZED (
    SELECT w.run_id, w.ext_id, p.src_id, w.scan_key, p.ra, p.decl, unit.x, unit.y, unit.z, release.cell(unit.x, unit.y, unit.z, l.size) AS cell
    FROM release.work_extended AS w
    CROSS JOIN limits AS l
    JOIN wsdb.extended_measurement AS e ON e.run_id = w.run_id AND e.ext_id = w.ext_id
    CROSS JOIN LATERAL (
        SELECT q.src_id, q.ra, q.decl FROM wsdb.point_measurement AS q WHERE q.run_id = w.run_id AND q.src_id = e.src_id OFFSET 0
    ) AS p
    CROSS JOIN LATERAL (SELECT cosd(p.decl) * cosd(p.ra) AS x, cosd(p.decl) * sind(p.ra) AS y, sind(p.decl) AS z OFFSET 0) AS unit
),
probe AS MATERIALIZED (
    SELECT p.number, near.cell
    FROM release.work_bright AS p
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_around(p.x, p.y, p.z, p.reach, l.size) AS near (cell)
    WHERE p.parent
),
pair AS MATERIALIZED (
    SELECT
        p.number, c.run_id, c.ext_id, c.src_id, p.mag, p.star,
        degrees(2 * asin(sqrt((p.x - c.x) ^ 2 + (p.y - c.y) ^ 2 + (p.z - c.z) ^ 2) / 2)) * 3600 AS away,
        degrees(cosd(c.decl) * sind(c.ra - p.ra)) * 3600 AS east,
        degrees(sind(c.decl) * cosd(p.decl) - cosd(c.decl) * sind(p.decl) * cosd(c.ra - p.ra)) * 3600 AS north,
        -- Position angle of the scan's north at the place of the star.
        ((p.ra - s.ra + 540)::numeric % 360 - 180)::float8 * sind(p.decl) AS turn
    FROM probe AS b
    JOIN placed AS c ON c.cell = b.cell
    JOIN release.work_bright AS p ON p.number = b.number
    JOIN scan AS s ON s.run_id = c.run_id AND s.scan_key = c.scan_key
    LEFT JOIN release.work_bright_judged AS j ON j.number = p.number AND j.scan_key = c.scan_key
    LEFT JOIN release.patch AS t ON t.release_id = release.current_id() AND t.product = 'xsc' AND t.run_id = c.run_id AND t.restored_src_id = c.ext_id
    WHERE j.number IS NULL AND t.number IS NULL AND c.scan_key IS DISTINCT FROM p.scan_key
          AND (p.x - c.x) ^ 2 + (p.y - c.y) ^ 2 + (p.z - c.z) ^ 2 < p.reach ^ 2
),
-- Bands of the rows at such places; a row without a magnitude in a band is fainter than anything.
measured AS MATERIALIZED (
    SELECT
        q.*, l.sure, u.spike, u.relation, u.sigmas, u.affected, u.halo_limit, u.spike_limit, t.band,
        q.mag[t.band] AS parent_mag, coalesce(t.m, 'infinity') AS m,
        least(0.3, coalesce(nullif(t.msig, 'NaN'), 0)) AS error, coalesce(NOT t.chi < 3, true) AS poor,
        t.rd ~ '[12349]' AS detected, t.frames = '0' AS unmeasured, length(regexp_replace(m.rd_flg, '[^12349]', '', 'g')) = 1 AS alone
    FROM pair AS q
    JOIN rule AS u ON u.run_id = q.run_id
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL (
        SELECT * FROM wsdb.point_measurement AS p WHERE p.run_id = q.run_id AND p.src_id = q.src_id AND p.rd_flg !~ '[13]' OFFSET 0
    ) AS m
    CROSS JOIN LATERAL (VALUES
        (1, m.j_m::float8, m.j_msig::float8, m.j_psfchi, substr(m.rd_flg, 1, 1), substr(m.ndet, 2, 1)),
        (2, m.h_m::float8, m.h_msig::float8, m.h_psfchi, substr(m.rd_flg, 2, 1), substr(m.ndet, 4, 1)),
        (3, m.k_m::float8, m.k_msig::float8, m.k_psfchi, substr(m.rd_flg, 3, 1), substr(m.ndet, 6, 1))) AS t (band, m, msig, chi, rd, frames)
),
judged AS MATERIALIZED (
    SELECT
        e.run_id, e.ext_id, e.number, e.away, e.band, e.detected,
        coalesce(h.below, false) AS halo, coalesce(NOT h.below AND h.near, false) AS near_halo,
        coalesce(a.explained, false) AS spike, coalesce(a.affected, false) AS near_spike
    FROM measured AS e
    LEFT JOIN LATERAL (
        SELECT
            NOT f.fainter < f.depth AND (e.poor OR f.fainter > f.depth + 2.5)
            OR e.star AND (f.fainter < -1 OR e.unmeasured AND e.away < 12) AS below,
            NOT f.fainter < f.depth - 2.5 AS near
        FROM (SELECT e.m - e.parent_mag AS fainter, release.along(e.relation, e.away, true) AS depth OFFSET 0) AS f
    ) AS h ON e.detected AND e.away <= 50 AND e.parent_mag < e.halo_limit[e.band]
    LEFT JOIN LATERAL (
        SELECT
            bool_or(NOT e.m < d.brightest - e.sigmas * e.error) AS explained,
            bool_or(e.m < d.brightest - e.sigmas * e.error AND e.m > d.brightest - e.affected) AS affected
        FROM jsonb_array_elements_text(e.spike -> 'angles_deg') AS arm (deg)
        CROSS JOIN LATERAL (
            SELECT e.east * sind(arm.deg::float8 + e.turn) + e.north * cosd(arm.deg::float8 + e.turn) AS along,
                   e.east * cosd(arm.deg::float8 + e.turn) - e.north * sind(arm.deg::float8 + e.turn) AS across OFFSET 0
        ) AS g
        CROSS JOIN LATERAL (
            SELECT e.parent_mag + release.along(e.spike -> 'depth_mag', g.along)
                   + CASE WHEN e.alone THEN - (e.spike ->> 'doubtful_mag')::float8 ELSE e.sure END AS brightest OFFSET 0
        ) AS d
        WHERE g.along >= (e.spike ->> 'first_arcsec')::float8
          AND g.along <= release.along(e.spike -> 'length_arcsec', e.spike_limit[e.band] - e.parent_mag)
          AND abs(g.across) <= release.along(e.spike -> 'half_width_arcsec', e.spike_limit[e.band] - e.parent_mag)
    ) AS a ON e.detected AND e.parent_mag < e.spike_limit[e.band]
),
by_band AS (
    SELECT run_id, ext_id, band, bool_or(detected) AS detected, bool_or(halo) AS halo, bool_or(near_halo) AS near_halo,
           bool_or(spike) AS spike, bool_or(near_spike) AS near_spike
    FROM judged GROUP BY run_id, ext_id, band
),
by_row AS (
    SELECT run_id, ext_id, bool_or(detected) AND bool_and(halo OR spike OR NOT detected) AS removed, bool_or(halo) AS halo,
           bool_or(near_halo) AS near_halo, bool_or(halo OR near_halo OR spike OR near_spike) AS marked
    FROM by_band GROUP BY run_id, ext_id
),
nearest AS (
    SELECT DISTINCT ON (j.run_id, j.ext_id) j.run_id, j.ext_id, p.run_id AS parent_run_id, p.src_id AS parent_src_id, p.name, j.away
    FROM judged AS j
    JOIN release.work_bright AS p USING (number)
    WHERE j.halo OR j.near_halo OR j.spike OR j.near_spike
    ORDER BY j.run_id, j.ext_id, j.away, p.name COLLATE "C", p.src_id
)
SELECT
    t.run_id, t.ext_id, t.removed,
    CASE WHEN t.removed THEN CASE WHEN t.halo THEN 'C' ELSE 'D' END ELSE CASE WHEN t.halo OR t.near_halo THEN 'c' ELSE 'd' END END AS cc_flg,
    n.parent_run_id, n.parent_src_id, n.name, n.away
FROM by_row AS t
JOIN nearest AS n USING (run_id, ext_id)
WHERE t.marked;

RESET enable_nestloop;

INSERT INTO release.extended_artefact (release_id, run_id, ext_id, removed, cc_flg, parent_run_id, parent_src_id, parent_name, distance_arcsec)
SELECT release.current_id(), f.run_id, f.ext_id, f.removed, f.cc_flg, f.parent_run_id, f.parent_src_id, f.name, f.away
FROM extended_judged AS f
ORDER BY f.ext_id, f.run_id;

WITH gone AS (
    DELETE FROM release.work_extended AS w
    USING extended_judged AS f
    WHERE f.removed AND w.run_id = f.run_id AND w.ext_id = f.ext_id
    RETURNING w.run_id, w.ext_id, w.passed
)
INSERT INTO release.extended_verdict (release_id, run_id, ext_id, released, passed, failed, reason)
SELECT release.current_id(), g.run_id, g.ext_id, false, (g.passed::integer & ~release.rule_bit('artefact'))::smallint,
       release.rule_bit('artefact')::smallint, 'artefact'
FROM gone AS g
ORDER BY g.ext_id;

DROP TABLE extended_judged;

SELECT count(*) AS rows FROM release.extended_artefact WHERE release_id = release.current_id();
