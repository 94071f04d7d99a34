-- Artefacts across scans (DB_MAPCOR, background/survey 2.14), and the second test of cc_flg. Each scan has marked what the
-- stars that it extracted leave in it. Two kinds of stars are judged here: those that another chosen scan extracted,
-- and very bright ones from a list (reference.bright_star), whether or not a scan has them. Spikes and halos alone cross
-- from scan to scan.
--
-- parents    rows of chosen scans brighter than the limits of the rules that are stars beyond doubt, near the edge of their
--            scan or inside of another one; listed stars. A scan that has a parent at the place, as bright, has judged for itself.
-- explained  the band's detection is no brighter than a halo or spike may be at its place, as within a scan
--            (workers/reduction/artefacts): the rules are those of the parameter set of the row's run, magnitudes are as
--            measured, on the nominal scale; on spikes a row that several bands show as a star must be fainter by
--            artefact_spike_mag
-- removed    every band that detected the row is explained: C or D in each of them, verdict artefact
-- touched    explained in some bands, or at most affected_mag brighter than the artefact: c or d there; the row stays
--
-- Spikes stand in the frame of the scan that shows them, whose north is that of its middle. Rows of saturated stars are never
-- marked, nor are rows that a patch puts back. No star reaches farther than 50 arcsec by its halo, and by its spikes than
-- the rules' longest.
--
-- Parameters: artefact_match_arcsec, artefact_match_mag, artefact_spike_mag, artefact_faintest_mag, cell_arcsec; rules: parameter
--             sets of the runs, section artefacts.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/47_artefacts.sql

UPDATE release.release AS r
SET bright_star_hash = known.hash
FROM (
    SELECT encode(sha256(convert_to(string_agg(concat_ws(' ', s.name, s.ra, s.decl, coalesce(s.j_mag::text, '-'), coalesce(s.h_mag::text, '-'),
                                                         coalesce(s.k_mag::text, '-')),
                                               E'\n' ORDER BY s.name COLLATE "C"), 'UTF8')), 'hex') AS hash
    FROM reference.bright_star AS s
) AS known
WHERE r.release_id = release.current_id();

-- The planner knows nothing of how cells fill; loops over rows are written as such (LATERAL).
SET enable_nestloop = off;

WITH limits AS MATERIALIZED (
    SELECT
        release.chord(release.parameter('cell_arcsec')) AS size, release.parameter('artefact_faintest_mag') AS faintest,
        release.chord(release.parameter('artefact_match_arcsec')) AS same, release.parameter('artefact_match_mag') AS piece,
        release.parameter('artefact_spike_mag') AS sure
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
-- Stars that scans extracted, with the magnitude of each band where it is that of a star beyond doubt.
extracted AS MATERIALIZED (
    SELECT
        m.run_id, m.src_id, NULL::text AS name, s.scan_key, m.ra, m.decl, m.rd_flg ~ '[13]' AS star, m.mag,
        least(m.dist_edge_ns, m.dist_edge_ew) AS edge_arcsec
    FROM rule AS u
    CROSS JOIN LATERAL (
        SELECT
            p.run_id, p.src_id, p.attempt_id, p.ra, p.decl, p.rd_flg, p.dist_edge_ns, p.dist_edge_ew,
            ARRAY[CASE WHEN p.rd_flg ~ '^[1234]' AND p.j_m < u.halo_limit[1] AND (p.rd_flg ~ '[13]' OR p.j_psfchi < 3) THEN p.j_m::float8 END,
                  CASE WHEN p.rd_flg ~ '^.[1234]' AND p.h_m < u.halo_limit[2] AND (p.rd_flg ~ '[13]' OR p.h_psfchi < 3) THEN p.h_m::float8 END,
                  CASE WHEN p.rd_flg ~ '[1234]$' AND p.k_m < u.halo_limit[3] AND (p.rd_flg ~ '[13]' OR p.k_psfchi < 3) THEN p.k_m::float8 END] AS mag
        FROM wsdb.point_measurement AS p
        WHERE p.run_id = u.run_id AND (p.j_m < u.halo_limit[1] OR p.h_m < u.halo_limit[2] OR p.k_m < u.halo_limit[3])
              AND p.cc_flg COLLATE "C" !~ '[A-Z]'
        OFFSET 0
    ) AS m
    JOIN scan AS s ON s.run_id = m.run_id AND s.attempt_id = m.attempt_id
    WHERE coalesce(m.mag[1], m.mag[2], m.mag[3]) IS NOT NULL
),
bright AS MATERIALIZED (
    SELECT row_number() OVER () AS number, b.*, unit.*
    FROM (
        SELECT * FROM extracted
        UNION ALL
        SELECT NULL, NULL, s.name, NULL, s.ra, s.decl, true, ARRAY[s.j_mag::float8, s.h_mag::float8, s.k_mag::float8], 0
        FROM reference.bright_star AS s
    ) AS b
    CROSS JOIN LATERAL (
        SELECT cosd(b.decl) * cosd(b.ra) AS x, cosd(b.decl) * sind(b.ra) AS y, sind(b.decl) AS z OFFSET 0
    ) AS unit
),
reaching AS MATERIALIZED (
    SELECT b.*, r.arcsec AS reach_arcsec, release.chord(r.arcsec) AS reach
    FROM bright AS b
    -- By the rules of the run that goes farthest.
    CROSS JOIN LATERAL (
        SELECT max(greatest(
            CASE WHEN t.mag < u.spike_limit[t.band] THEN
                release.along(u.spike -> 'length_arcsec', u.spike_limit[t.band] - t.mag)
                + release.along(u.spike -> 'half_width_arcsec', u.spike_limit[t.band] - t.mag) END,
            CASE WHEN t.mag < u.halo_limit[t.band] THEN
                least(50, greatest(12, release.halo_reach(u.relation, l.faintest - t.mag + 2.5))) END)) AS arcsec
        FROM rule AS u
        CROSS JOIN limits AS l
        CROSS JOIN LATERAL (VALUES (1, b.mag[1]), (2, b.mag[2]), (3, b.mag[3])) AS t (band, mag)
    ) AS r
    WHERE r.arcsec IS NOT NULL
),
-- What cannot reach into another scan is left out: it lies deep in its own, and not near one that overlaps it.
parent AS MATERIALIZED (
    SELECT r.* FROM reaching AS r
    WHERE r.scan_key IS NULL OR r.edge_arcsec <= r.reach_arcsec + 1
       OR EXISTS (
           SELECT FROM release.work_overlap AS o
           WHERE o.scan_key = r.scan_key
                 AND least(r.x * o.normals[1][1] + r.y * o.normals[1][2] + r.z * o.normals[1][3],
                           r.x * o.normals[2][1] + r.y * o.normals[2][2] + r.z * o.normals[2][3],
                           r.x * o.normals[3][1] + r.y * o.normals[3][2] + r.z * o.normals[3][3],
                           r.x * o.normals[4][1] + r.y * o.normals[4][2] + r.z * o.normals[4][3]) > -r.reach)
),
judged_itself AS MATERIALIZED (
    SELECT DISTINCT a.number, b.scan_key
    FROM parent AS a
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_around(a.x, a.y, a.z, l.same, l.size) AS near (cell)
    JOIN (SELECT e.scan_key, e.x, e.y, e.z, e.mag, release.cell(e.x, e.y, e.z, l.size) AS cell FROM bright AS e CROSS JOIN limits AS l
          WHERE e.scan_key IS NOT NULL) AS b ON b.cell = near.cell
    WHERE (a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2 < l.same ^ 2
          -- Beside the edge of a scan pieces of a star are bright, too: they are not the star.
          AND least(b.mag[1] - a.mag[1], b.mag[2] - a.mag[2], b.mag[3] - a.mag[3]) < l.piece
),
probe AS MATERIALIZED (
    SELECT p.number, near.cell
    FROM parent AS p
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_around(p.x, p.y, p.z, p.reach, l.size) AS near (cell)
),
pair AS MATERIALIZED (
    SELECT
        p.number, c.run_id, c.src_id, p.mag, p.star,
        degrees(2 * asin(sqrt((p.x - c.x) ^ 2 + (p.y - c.y) ^ 2 + (p.z - c.z) ^ 2) / 2)) * 3600 AS away,
        degrees(cosd(c.decl) * sind(c.ra - p.ra)) * 3600 AS east,
        degrees(sind(c.decl) * cosd(p.decl) - cosd(c.decl) * sind(p.decl) * cosd(c.ra - p.ra)) * 3600 AS north,
        -- Position angle of the scan's north at the place of the star.
        ((p.ra - s.ra + 540)::numeric % 360 - 180)::float8 * sind(p.decl) AS turn
    FROM probe AS b
    JOIN release.work_candidate AS c ON c.cell = b.cell
    JOIN parent AS p ON p.number = b.number
    JOIN scan AS s ON s.run_id = c.run_id AND s.scan_key = c.scan_key
    LEFT JOIN judged_itself AS j ON j.number = p.number AND j.scan_key = c.scan_key
    LEFT JOIN release.patch AS t ON t.release_id = release.current_id() AND t.product = 'psc' AND t.run_id = c.run_id AND t.restored_src_id = c.src_id
    WHERE j.number IS NULL AND t.number IS NULL AND c.scan_key IS DISTINCT FROM p.scan_key
          AND (p.x - c.x) ^ 2 + (p.y - c.y) ^ 2 + (p.z - c.z) ^ 2 < p.reach ^ 2
),
-- Bands of the rows at such places; a row without a magnitude in a band is fainter than anything.
measured AS MATERIALIZED (
    SELECT
        q.*, l.sure, u.spike, u.relation, u.sigmas, u.affected, u.halo_limit, u.spike_limit, t.band,
        q.mag[t.band] AS parent_mag, coalesce(t.m, 'infinity') AS m,
        least(0.3, coalesce(nullif(t.msig, 'NaN'), 0)) AS error, coalesce(NOT t.chi < 3, true) AS poor, coalesce(t.chi > 8, false) AS misfit,
        t.rd ~ '[12349]' AS detected, t.frames = '0' AS unmeasured, length(regexp_replace(m.rd_flg, '[^12349]', '', 'g')) = 1 AS alone, m.cc_flg
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
        e.run_id, e.src_id, e.number, e.away, e.band, e.detected, e.cc_flg,
        coalesce(h.below, false) AS halo, coalesce(NOT h.below AND h.near, false) AS near_halo,
        coalesce(a.explained, false) AS spike, coalesce(a.affected, false) AS near_spike
    FROM measured AS e
    LEFT JOIN LATERAL (
        SELECT
            NOT f.fainter < f.depth AND (e.poor OR f.fainter > f.depth + 2.5) OR NOT f.fainter < f.depth - 2.5 AND e.misfit
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
                   + CASE WHEN e.alone OR e.misfit THEN - (e.spike ->> 'doubtful_mag')::float8 ELSE e.sure END AS brightest OFFSET 0
        ) AS d
        WHERE g.along >= (e.spike ->> 'first_arcsec')::float8
          AND g.along <= release.along(e.spike -> 'length_arcsec', e.spike_limit[e.band] - e.parent_mag)
          AND abs(g.across) <= release.along(e.spike -> 'half_width_arcsec', e.spike_limit[e.band] - e.parent_mag)
    ) AS a ON e.detected AND e.parent_mag < e.spike_limit[e.band]
),
by_band AS (
    SELECT run_id, src_id, band, cc_flg, bool_or(detected) AS detected, bool_or(halo) AS halo, bool_or(near_halo) AS near_halo,
           bool_or(spike) AS spike, bool_or(near_spike) AS near_spike
    FROM judged GROUP BY run_id, src_id, band, cc_flg
),
by_row AS (
    SELECT run_id, src_id, cc_flg, bool_or(detected) AND bool_and(halo OR spike OR NOT detected) AS removed,
           bool_or(halo OR near_halo OR spike OR near_spike) AS marked
    FROM by_band GROUP BY run_id, src_id, cc_flg
),
lettered AS (
    SELECT
        r.run_id, r.src_id, r.removed, r.cc_flg,
        string_agg(CASE
            WHEN NOT b.detected THEN substr(r.cc_flg, b.band, 1)
            WHEN r.removed THEN CASE WHEN b.halo THEN 'C' ELSE 'D' END
            ELSE release.confused(substr(r.cc_flg, b.band, 1), b.halo OR b.near_halo, b.spike OR b.near_spike)
        END, '' ORDER BY b.band) AS letters
    FROM by_row AS r
    JOIN by_band AS b USING (run_id, src_id)
    WHERE r.marked
    GROUP BY r.run_id, r.src_id, r.removed, r.cc_flg
),
nearest AS (
    SELECT DISTINCT ON (j.run_id, j.src_id) j.run_id, j.src_id, p.run_id AS parent_run_id, p.src_id AS parent_src_id, p.name, j.away
    FROM judged AS j
    JOIN parent AS p USING (number)
    WHERE j.halo OR j.near_halo OR j.spike OR j.near_spike
    ORDER BY j.run_id, j.src_id, j.away, p.name COLLATE "C", p.src_id
)
INSERT INTO release.artefact (release_id, run_id, src_id, removed, cc_flg, parent_run_id, parent_src_id, parent_name, distance_arcsec)
SELECT release.current_id(), t.run_id, t.src_id, t.removed, t.letters, n.parent_run_id, n.parent_src_id, n.name, n.away
FROM lettered AS t
JOIN nearest AS n USING (run_id, src_id)
WHERE t.letters <> t.cc_flg
ORDER BY t.src_id, t.run_id;

RESET enable_nestloop;

SELECT release.analyze('artefact');

SELECT count(*) AS rows FROM release.artefact WHERE release_id = release.current_id();
