-- One round of linking: every apparition takes the smallest group within the radius. Repeated until nothing changes, as many
-- rounds as the longest chain has links; groups do not depend on the order of rows.
WITH probe AS MATERIALIZED (
    SELECT a.run_id, a.source_id, a.x, a.y, a.z, a.group_id, a.group_run, l.reach, near.cell
    FROM apparition AS a
    CROSS JOIN (SELECT release.chord(%(radius_arcsec)s::float8) AS reach) AS l
    CROSS JOIN LATERAL release.cells_within(a.x, a.y, a.z, l.reach, 3 * l.reach) AS near (cell)
),
smaller AS (
    SELECT DISTINCT ON (p.run_id, p.source_id) p.run_id, p.source_id, b.group_id, b.group_run
    FROM probe AS p
    JOIN apparition AS b ON b.cell = p.cell
    WHERE (b.group_id, b.group_run) < (p.group_id, p.group_run)
      AND (p.x - b.x) ^ 2 + (p.y - b.y) ^ 2 + (p.z - b.z) ^ 2 < p.reach ^ 2
    ORDER BY p.run_id, p.source_id, b.group_id, b.group_run
)
UPDATE apparition AS a SET group_id = s.group_id, group_run = s.group_run
FROM smaller AS s WHERE s.run_id = a.run_id AND s.source_id = a.source_id
