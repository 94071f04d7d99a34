-- Stars that leave artefacts in scans other than their own (47_artefacts.sql): rows of chosen scans brighter than the limits of
-- the rules that are stars beyond doubt, near the edge of their scan or inside of another one, and listed stars
-- (reference.bright_star), whether or not a scan has them. A scan that has such a star at the place, as bright, has judged for
-- itself. No star reaches farther than 50 arcsec by its halo, and by its spikes than the rules' longest.
--
-- Parameters: artefact_match_arcsec, artefact_match_mag, artefact_faintest_mag, cell_arcsec; rules: parameter sets of the runs,
--             section artefacts.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/29_bright_stars.sql

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
    SELECT release.parameter('artefact_faintest_mag') AS faintest
),
rule AS MATERIALIZED (
    SELECT
        p.run_id, a.rules -> 'spike' AS spike, a.rules #> '{halo,relation}' AS relation,
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
)
-- What cannot reach into another scan is no parent: it lies deep in its own, and not near one that overlaps it.
INSERT INTO release.work_bright (
    number, run_id, src_id, name, scan_key, ra, decl, x, y, z, star, mag, reach_arcsec, reach, parent)
SELECT
    b.number, b.run_id, b.src_id, b.name, b.scan_key, b.ra, b.decl, b.x, b.y, b.z, b.star, b.mag, r.reach_arcsec, r.reach,
    r.number IS NOT NULL AND (
        r.scan_key IS NULL OR r.edge_arcsec <= r.reach_arcsec + 1
        OR EXISTS (
            SELECT FROM release.work_overlap AS o
            WHERE o.scan_key = r.scan_key
                  AND least(r.x * o.normals[1][1] + r.y * o.normals[1][2] + r.z * o.normals[1][3],
                            r.x * o.normals[2][1] + r.y * o.normals[2][2] + r.z * o.normals[2][3],
                            r.x * o.normals[3][1] + r.y * o.normals[3][2] + r.z * o.normals[3][3],
                            r.x * o.normals[4][1] + r.y * o.normals[4][2] + r.z * o.normals[4][3]) > -r.reach))
FROM bright AS b
LEFT JOIN reaching AS r USING (number)
ORDER BY b.number;

SELECT release.analyze('work_bright');

WITH limits AS MATERIALIZED (
    SELECT
        release.chord(release.parameter('cell_arcsec')) AS size, release.chord(release.parameter('artefact_match_arcsec')) AS same,
        release.parameter('artefact_match_mag') AS piece
)
INSERT INTO release.work_bright_judged (number, scan_key)
SELECT DISTINCT a.number, b.scan_key
FROM release.work_bright AS a
CROSS JOIN limits AS l
CROSS JOIN LATERAL release.cells_around(a.x, a.y, a.z, l.same, l.size) AS near (cell)
JOIN (SELECT e.scan_key, e.x, e.y, e.z, e.mag, release.cell(e.x, e.y, e.z, l.size) AS cell FROM release.work_bright AS e CROSS JOIN limits AS l
      WHERE e.scan_key IS NOT NULL) AS b ON b.cell = near.cell
WHERE a.parent AND (a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2 < l.same ^ 2
      -- Beside the edge of a scan pieces of a star are bright, too: they are not the star.
      AND least(b.mag[1] - a.mag[1], b.mag[2] - a.mag[2], b.mag[3] - a.mag[3]) < l.piece;

RESET enable_nestloop;

SELECT release.analyze('work_bright_judged');

SELECT count(*) AS rows FROM release.work_bright WHERE parent;
