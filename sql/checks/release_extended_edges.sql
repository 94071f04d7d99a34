-- Released extended sources stand farther than the release's border from every edge of what all bands of their scan cover.
WITH bounded AS MATERIALIZED (
    SELECT s.release_id, s.run_id, s.scan_key, array_agg(n) AS normals
    FROM release.scan AS s
    CROSS JOIN LATERAL release.edge_normals(s.attempt_id) AS edge (n)
    WHERE s.selected
    GROUP BY s.release_id, s.run_id, s.scan_key HAVING count(*) = 4
)
SELECT e.name, x.ext_key, edge.arcsec
FROM release.xsc AS x
JOIN release.release AS e USING (release_id)
JOIN bounded AS s USING (release_id, run_id, scan_key)
CROSS JOIN LATERAL (SELECT cosd(x.decl) * cosd(x.ra) AS x, cosd(x.decl) * sind(x.ra) AS y, sind(x.decl) AS z OFFSET 0) AS unit
CROSS JOIN LATERAL (
    SELECT asind(least(
        unit.x * s.normals[1][1] + unit.y * s.normals[1][2] + unit.z * s.normals[1][3],
        unit.x * s.normals[2][1] + unit.y * s.normals[2][2] + unit.z * s.normals[2][3],
        unit.x * s.normals[3][1] + unit.y * s.normals[3][2] + unit.z * s.normals[3][3],
        unit.x * s.normals[4][1] + unit.y * s.normals[4][2] + unit.z * s.normals[4][3])) * 3600 AS arcsec
) AS edge
WHERE edge.arcsec <= (e.parameters ->> 'extended_edge_arcsec')::double precision;
