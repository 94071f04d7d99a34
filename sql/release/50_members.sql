-- The catalogue's rows: use_src = 1 OR (use_src = 0 AND dup_src = 0) (background/survey 6.9), their keys and names.
--
-- pts_key      1, 2, 3 ... in the order of src_id, that is along the HEALPix curve: a total order, neighbours stay together
-- designation  hhmmssss+ddmmsss of the six-decimal position, cut, not rounded; where several rows would share a name, all
--              of them get a letter A, B, C ... in the order of their keys (background/survey 6.12)
--              (54_keys.sql counts on from zone to zone)
--
-- By hand:     in the session of 30_candidates.sql

-- The planner takes the condition of the first line below for a rare one, and would look into the other tables row by row.
SET enable_nestloop = off;

CREATE TEMPORARY TABLE zone_member AS
SELECT m.*, (m.hours << 24 | m.degrees << 1) + m.south::integer AS name
FROM (
    SELECT
        c.src_id, c.run_id, c.core, c.ra, c.decl, c.x, c.y, c.z, coalesce(r.use_src, 1)::smallint AS use_src,
        coalesce(r.dup_src, 0)::smallint AS dup_src,
        -- The name as whole numbers, as release.designation cuts them: 0.01 s and 0.1 arcsec; and as one, which is grouped in half
        -- the time of three.
        round(c.ra * 1e6)::bigint * 3 / 125 AS hours, round(abs(c.decl) * 1e6)::bigint * 9 / 250 AS degrees, round(c.decl * 1e6) < 0 AS south
    FROM zone_candidate AS c
    LEFT JOIN zone_resolution AS r USING (src_id)
    WHERE (coalesce(r.use_src, 1) = 1 OR r.dup_src = 0)
      -- What a patch takes out (35_patches.sql).
      AND NOT EXISTS (
          SELECT FROM release.patch AS t
          WHERE t.release_id = release.current_id() AND t.product = 'psc' AND t.run_id = c.run_id AND t.removed_src_id = c.src_id)
      -- What fails the second test of cc_flg (47_artefacts.sql).
      AND NOT EXISTS (SELECT FROM zone_artefact AS f WHERE f.run_id = c.run_id AND f.src_id = c.src_id AND f.removed)
) AS m;

RESET enable_nestloop;

ANALYZE zone_member (src_id, core, name);

WITH shared AS (
    -- Rows of one name lie within 0.2 arcsec, some of them perhaps in the margin.
    SELECT m.src_id, chr(64 + row_number() OVER (PARTITION BY m.name ORDER BY m.src_id)::integer) AS letter
    FROM zone_member AS m
    JOIN (SELECT name FROM zone_member GROUP BY name HAVING count(*) > 1) AS twice USING (name)
)
INSERT INTO release.work_zone_member (zone, number, src_id, run_id, designation, ra, decl, x, y, z, use_src, dup_src)
SELECT
    (SELECT release.current_zone()), row_number() OVER (ORDER BY m.src_id), m.src_id, m.run_id,
    substr((100000000 + m.hours / 360000 * 1000000 + m.hours / 6000 % 60 * 10000 + m.hours % 6000)::text, 2)
    || CASE WHEN m.south THEN '-' ELSE '+' END
    || substr((10000000 + m.degrees / 36000 * 100000 + m.degrees / 600 % 60 * 1000 + m.degrees % 600)::text, 2)
    || coalesce(s.letter, ''),
    m.ra, m.decl, m.x, m.y, m.z, m.use_src, m.dup_src
FROM zone_member AS m
LEFT JOIN shared AS s USING (src_id)
WHERE m.core
ORDER BY m.src_id;

UPDATE release.work_zone AS z SET members = (SELECT count(*) FROM zone_member WHERE core) WHERE z.zone = release.current_zone();

SELECT z.members AS rows FROM release.work_zone AS z WHERE z.zone = release.current_zone();
