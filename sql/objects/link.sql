-- One round of linking: every group becomes part of the smallest one within the radius of any of its apparitions. Repeated
-- until nothing changes, with shorten.sql between rounds; groups do not depend on the order of rows.
WITH probe AS MATERIALIZED (
    SELECT a.run_id, a.source_id, a.x, a.y, a.z, a.group_id, a.group_run, l.reach, near.cell
    FROM apparition AS a
    CROSS JOIN (SELECT release.chord(%(radius_arcsec)s::float8) AS reach) AS l
    CROSS JOIN LATERAL release.cells_within(a.x, a.y, a.z, l.reach, 3 * l.reach) AS near (cell)
),
smaller AS (
    SELECT DISTINCT ON (p.group_id, p.group_run) p.group_id AS former_id, p.group_run AS former_run, b.group_id, b.group_run
    FROM probe AS p
    JOIN apparition AS b ON b.cell = p.cell
    WHERE (b.group_id, b.group_run) < (p.group_id, p.group_run)
      AND (p.x - b.x) ^ 2 + (p.y - b.y) ^ 2 + (p.z - b.z) ^ 2 < p.reach ^ 2
    ORDER BY p.group_id, p.group_run, b.group_id, b.group_run
)
UPDATE apparition AS a SET group_id = s.group_id, group_run = s.group_run
FROM smaller AS s WHERE s.former_id = a.group_id AND s.former_run = a.group_run
