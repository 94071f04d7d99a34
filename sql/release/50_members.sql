-- The catalogue's rows: use_src = 1 OR (use_src = 0 AND dup_src = 0) (background/survey 6.9), their keys and names.
--
-- pts_key      1, 2, 3 ... in the order of src_id, that is along the HEALPix curve: a total order, neighbours stay together
-- designation  hhmmssss+ddmmsss of the six-decimal position, cut, not rounded; where several rows would share a name, all
--              of them get a letter A, B, C ... in the order of their keys (background/survey 6.12)
--
-- By hand:     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/50_members.sql

WITH member AS (
    SELECT
        c.*, coalesce(r.use_src, 1) AS use_src, coalesce(r.dup_src, 0) AS dup_src,
        release.designation(c.ra, c.decl) AS name
    FROM release.work_candidate AS c
    LEFT JOIN release.work_resolution AS r USING (src_id)
    WHERE (coalesce(r.use_src, 1) = 1 OR r.dup_src = 0)
      -- What a patch takes out (35_patches.sql).
      AND NOT EXISTS (
          SELECT FROM release.patch AS t
          WHERE t.release_id = release.current_id() AND t.product = 'psc' AND t.run_id = c.run_id
                AND t.removed_src_id = c.src_id)
      -- What fails the second test of cc_flg (47_artefacts.sql).
      AND NOT EXISTS (
          SELECT FROM release.artefact AS f
          WHERE f.release_id = release.current_id() AND f.run_id = c.run_id AND f.src_id = c.src_id AND f.removed)
)
INSERT INTO release.work_member (pts_key, src_id, run_id, designation, ra, decl, x, y, z, use_src, dup_src)
SELECT
    row_number() OVER (ORDER BY m.src_id), m.src_id, m.run_id,
    m.name || CASE WHEN count(*) OVER (PARTITION BY m.name) > 1
                   THEN chr(64 + row_number() OVER (PARTITION BY m.name ORDER BY m.src_id)::integer) ELSE '' END,
    m.ra, m.decl, m.x, m.y, m.z, m.use_src, m.dup_src
FROM member AS m
ORDER BY m.src_id;

SELECT release.analyze('work_member');

SELECT count(*) AS rows FROM release.work_member;
