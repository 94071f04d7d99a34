-- gal_contam: 1 for the point entry of a large extended source, 2 for other rows inside its ellipse, enlarged by a tenth
-- (background/survey 6.7). The size is the 20 mag/arcsec2 isophote in Ks (r_k20fe) with the axis ratio and angle of the
-- model. Sources of Atlas images have neither: their 3-sigma isophote (r_3sig) with the axis ratio and angle of Ks, or of
-- the next band that has them, stands for it. Other rows: 0.
--
-- Parameters: contaminant_arcsec (smallest radius), contaminant_enlargement.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/65_contamination.sql

WITH large AS MATERIALIZED (
    SELECT
        e.run_id, e.src_id, e.ra, e.decl,
        cosd(e.decl) * cosd(e.ra) AS x, cosd(e.decl) * sind(e.ra) AS y, sind(e.decl) AS z,
        coalesce(e.r_k20fe, e.r_3sig) * release.parameter('contaminant_enlargement') AS radius_arcsec,
        coalesce(e.sup_ba, e.k_ba, e.h_ba, e.j_ba, 1) AS ba, coalesce(e.sup_phi, e.k_phi, e.h_phi, e.j_phi, 0) AS phi
    FROM release.xsc AS e
    WHERE e.release_id = release.current_id() AND coalesce(e.r_k20fe, e.r_3sig) > release.parameter('contaminant_arcsec')
),
reach AS MATERIALIZED (
    SELECT release.chord(max(radius_arcsec)) AS chord FROM large HAVING count(*) > 0
),
probe AS MATERIALIZED (
    SELECT e.*, reach.chord, near.cell
    FROM large AS e
    CROSS JOIN reach
    CROSS JOIN LATERAL release.cells_within(e.x, e.y, e.z, reach.chord, 2.5 * reach.chord) AS near (cell)
),
inside AS (
    SELECT m.pts_key, m.run_id = e.run_id AND m.src_id = e.src_id AS itself
    FROM probe AS e
    CROSS JOIN reach
    JOIN release.work_member AS m ON release.cell(m.x, m.y, m.z, 2.5 * reach.chord) = e.cell
    CROSS JOIN LATERAL (
        SELECT
            degrees(cosd(m.decl) * sind(m.ra - e.ra)) * 3600 AS east,
            degrees(sind(m.decl) * cosd(e.decl) - cosd(m.decl) * sind(e.decl) * cosd(m.ra - e.ra)) * 3600 AS north
    ) AS offset_arcsec
    WHERE (m.x - e.x) ^ 2 + (m.y - e.y) ^ 2 + (m.z - e.z) ^ 2 <= reach.chord ^ 2
      AND (m.run_id = e.run_id AND m.src_id = e.src_id
           OR (east * sind(phi) + north * cosd(phi)) ^ 2 + ((east * cosd(phi) - north * sind(phi)) / greatest(ba, 0.01)) ^ 2
              <= radius_arcsec ^ 2)
)
INSERT INTO release.work_contamination (pts_key, gal_contam)
SELECT i.pts_key, CASE WHEN bool_or(i.itself) THEN 1 ELSE 2 END FROM inside AS i GROUP BY i.pts_key;

SELECT release.analyze('work_contamination');

SELECT count(*) AS rows FROM release.work_contamination;
