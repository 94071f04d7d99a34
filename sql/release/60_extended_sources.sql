-- Extended sources: repeated rows, the chosen apparition, keys and names (background/survey 5.3, 5.4).
--
-- * Of rows of one scan closer than 5 arcsec (the same galaxy on two Atlas images) the one nearest to the centre of its image
--   stays, then the smaller ext_id. A row goes if any better one is that near.
-- * Of apparitions in different scans closer than 5 arcsec the one farthest from the edges of its scan wins, as for points;
--   a selected scan that covers the place inside the border of 15 arcsec and has no candidate there counts as a virtual
--   apparition. use_src and dup_src have the meaning that they have for points; released is use_src = 1, or dup_src = 0.
--
-- ext_key counts along the sky (order of ext_id); names are made as for point sources.
--
-- Parameters: extended_edge_arcsec, extended_match_arcsec.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/60_extended_sources.sql

-- Rows that patches put back, as 35_patches.sql has those of points: whatever rule they failed, from chosen scans, inside the border.
WITH edge AS MATERIALIZED (
    SELECT s.run_id, s.scan_key, s.attempt_id, array_agg(n) AS normals
    FROM release.scan AS s
    CROSS JOIN LATERAL release.edge_normals(s.attempt_id) AS edge (n)
    WHERE s.release_id = release.current_id() AND s.selected
          AND EXISTS (SELECT FROM release.patch AS t WHERE t.release_id = s.release_id AND t.product = 'xsc' AND t.restored_src_id IS NOT NULL)
    GROUP BY s.run_id, s.scan_key, s.attempt_id
)
INSERT INTO release.work_extended (ext_id, run_id, scan_key, ra, decl, x, y, z, edge_arcsec, passed, failed)
SELECT
    e.ext_id, e.run_id, e.scan_key, place.ra, place.decl, unit.x, unit.y, unit.z,
    CASE WHEN array_length(b.normals, 1) = 4 THEN floor(asind(least(
        unit.x * b.normals[1][1] + unit.y * b.normals[1][2] + unit.z * b.normals[1][3],
        unit.x * b.normals[2][1] + unit.y * b.normals[2][2] + unit.z * b.normals[2][3],
        unit.x * b.normals[3][1] + unit.y * b.normals[3][2] + unit.z * b.normals[3][3],
        unit.x * b.normals[4][1] + unit.y * b.normals[4][2] + unit.z * b.normals[4][3])) * 3600 + 1e-7)::integer
    ELSE 1000000 END,
    v.passed, v.failed
FROM release.patch AS t
JOIN release.extended_verdict AS v ON v.release_id = t.release_id AND v.run_id = t.run_id AND v.ext_id = t.restored_src_id
JOIN wsdb.extended_source AS e ON e.run_id = t.run_id AND e.ext_id = t.restored_src_id
JOIN edge AS b ON b.run_id = e.run_id AND b.scan_key = e.scan_key AND b.attempt_id = e.attempt_id
CROSS JOIN LATERAL (
    SELECT round(e.ra * 1e6)::bigint % 360000000 / 1e6::double precision AS ra, round(e.decl * 1e6) / 1e6 AS decl OFFSET 0
) AS place
CROSS JOIN LATERAL (
    SELECT cosd(place.decl) * cosd(place.ra) AS x, cosd(place.decl) * sind(place.ra) AS y, sind(place.decl) AS z OFFSET 0
) AS unit
WHERE t.release_id = release.current_id() AND t.product = 'xsc'
  AND v.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0
ORDER BY e.ext_id;

DELETE FROM release.extended_verdict AS v
USING release.patch AS t
WHERE t.release_id = release.current_id() AND t.product = 'xsc' AND v.release_id = t.release_id AND v.run_id = t.run_id
  AND v.ext_id = t.restored_src_id
  AND v.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0;

WITH limits AS MATERIALIZED (
    SELECT release.chord(release.parameter('extended_match_arcsec')) AS reach
),
placed AS MATERIALIZED (
    SELECT
        e.ext_id, e.scan_key, e.x, e.y, e.z, release.cell(e.x, e.y, e.z, 3 * l.reach) AS cell,
        row_number() OVER (
            ORDER BY coalesce((
                SELECT min((i.ra - e.ra) ^ 2 * cosd(e.decl) ^ 2 + (i.decl - e.decl) ^ 2)
                FROM wsdb.atlas_measurement AS i WHERE i.run_id = e.run_id AND i.coadd_key = m.coadd_key
            ), 0), e.ext_id
        ) AS rank
    FROM release.work_extended AS e
    JOIN wsdb.extended_measurement AS m ON m.run_id = e.run_id AND m.ext_id = e.ext_id
    CROSS JOIN limits AS l
),
probe AS MATERIALIZED (
    SELECT p.ext_id, p.scan_key, p.rank, p.x, p.y, p.z, l.reach, near.cell
    FROM placed AS p
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_within(p.x, p.y, p.z, l.reach, 3 * l.reach) AS near (cell)
),
beaten AS (
    SELECT DISTINCT ON (a.ext_id) a.ext_id, b.ext_id AS better_ext_id
    FROM probe AS a
    JOIN placed AS b ON b.cell = a.cell AND b.scan_key = a.scan_key
    WHERE b.rank < a.rank AND (a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2 < a.reach ^ 2
    ORDER BY a.ext_id, b.rank
)
UPDATE release.work_extended AS e SET better_ext_id = b.better_ext_id FROM beaten AS b WHERE b.ext_id = e.ext_id;

-- Apparitions that are left, each in a group of its own at first.
INSERT INTO release.work_extended_resolution (ext_id, group_id)
SELECT e.ext_id, e.ext_id FROM release.work_extended AS e WHERE e.better_ext_id IS NULL;

DO $spread$
DECLARE
    reach double precision := release.chord(release.parameter('extended_match_arcsec'));
BEGIN
    LOOP
        UPDATE release.work_extended_resolution AS g
        SET group_id = smaller.group_id
        FROM (
            SELECT a.ext_id, min(o.group_id) AS group_id
            FROM release.work_extended AS a
            CROSS JOIN LATERAL release.cells_within(a.x, a.y, a.z, reach, 3 * reach) AS near (cell)
            JOIN release.work_extended AS b ON release.cell(b.x, b.y, b.z, 3 * reach) = near.cell AND b.scan_key <> a.scan_key
            JOIN release.work_extended_resolution AS o ON o.ext_id = b.ext_id
            WHERE a.better_ext_id IS NULL AND (a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2 < reach ^ 2
            GROUP BY a.ext_id
        ) AS smaller
        WHERE smaller.ext_id = g.ext_id AND smaller.group_id < g.group_id;
        EXIT WHEN NOT FOUND;
    END LOOP;
END
$spread$;

WITH apparition AS (
    SELECT e.ext_id, r.group_id, e.scan_key, e.edge_arcsec, e.ra, e.decl, e.x, e.y, e.z
    FROM release.work_extended_resolution AS r JOIN release.work_extended AS e USING (ext_id)
),
inside AS (
    SELECT
        a.group_id, a.ra, a.decl, o.other_scan_key AS scan_key,
        least(a.x * o.normals[1][1] + a.y * o.normals[1][2] + a.z * o.normals[1][3],
              a.x * o.normals[2][1] + a.y * o.normals[2][2] + a.z * o.normals[2][3],
              a.x * o.normals[3][1] + a.y * o.normals[3][2] + a.z * o.normals[3][3],
              a.x * o.normals[4][1] + a.y * o.normals[4][2] + a.z * o.normals[4][3]) AS sine
    FROM apparition AS a
    JOIN release.work_overlap AS o ON o.scan_key = a.scan_key
),
virtual AS (
    SELECT i.group_id, i.scan_key, floor(asind(i.sine) * 3600 + 1e-7)::integer AS edge_arcsec
    FROM inside AS i
    WHERE i.sine > 0 AND i.sine < 1
      AND floor(asind(i.sine) * 3600 + 1e-7) > release.parameter('extended_edge_arcsec')
      AND (SELECT p.beyond FROM release.work_covered AS p
           WHERE p.scan_key = i.scan_key AND p.first <= wsdb.cell(i.ra, i.decl)
           ORDER BY p.first DESC LIMIT 1) > wsdb.cell(i.ra, i.decl)
),
-- One line for each scan that saw, or could have seen, something of the group.
sighting AS (
    SELECT
        group_id, scan_key, bool_or(is_real) AS is_real, count(*) FILTER (WHERE is_real) AS times,
        coalesce(max(edge_arcsec) FILTER (WHERE is_real), max(edge_arcsec)) AS edge_arcsec
    FROM (
        SELECT group_id, scan_key, edge_arcsec, true AS is_real FROM apparition
        UNION ALL
        SELECT group_id, scan_key, edge_arcsec, false FROM virtual
    ) AS either
    GROUP BY group_id, scan_key
),
chosen AS (
    SELECT
        group_id,
        (array_agg(scan_key ORDER BY edge_arcsec DESC, is_real DESC, scan_key))[1] AS scan_key,
        CASE
            WHEN count(*) FILTER (WHERE is_real) = 1 THEN 0
            WHEN min(times) FILTER (WHERE is_real) = max(times) THEN 1
            ELSE 2
        END AS dup_src
    FROM sighting
    GROUP BY group_id
),
winner AS (
    SELECT DISTINCT ON (c.group_id) c.group_id, a.ext_id
    FROM chosen AS c
    JOIN apparition AS a USING (group_id, scan_key)
    ORDER BY c.group_id, a.edge_arcsec DESC, a.ext_id
)
UPDATE release.work_extended_resolution AS r
SET use_src = (a.scan_key = c.scan_key)::integer, dup_src = c.dup_src,
    winner_ext_id = CASE WHEN a.scan_key <> c.scan_key THEN w.ext_id END
FROM apparition AS a
JOIN chosen AS c USING (group_id)
LEFT JOIN winner AS w USING (group_id)
WHERE a.ext_id = r.ext_id;

WITH member AS (
    SELECT e.ext_id, e.run_id, e.ra, e.decl, r.dup_src, r.use_src, release.designation(e.ra, e.decl) AS name
    FROM release.work_extended AS e
    JOIN release.work_extended_resolution AS r USING (ext_id)
    WHERE (r.use_src = 1 OR r.dup_src = 0)
      -- What a patch takes out.
      AND NOT EXISTS (
          SELECT FROM release.patch AS t
          WHERE t.release_id = release.current_id() AND t.product = 'xsc' AND t.run_id = e.run_id AND t.removed_src_id = e.ext_id)
)
-- release_id, ext_key, designation, dup_src, use_src, ra, decl; the measurements follow as they are (generated/22_release_rows.sql).
INSERT INTO release.xsc_entry
SELECT
    release.current_id(),
    row_number() OVER (ORDER BY c.ext_id),
    c.name || CASE WHEN count(*) OVER (PARTITION BY c.name) > 1
                   THEN chr(64 + row_number() OVER (PARTITION BY c.name ORDER BY c.ext_id)::integer) ELSE '' END,
    c.dup_src, c.use_src, c.ra, c.decl,
    e.*
FROM member AS c
JOIN release.xsc_measurement AS e ON e.run_id = c.run_id AND e.ext_id = c.ext_id
ORDER BY c.ext_id;

SELECT release.analyze('xsc');

SELECT count(*) AS rows FROM release.xsc WHERE release_id = release.current_id();
