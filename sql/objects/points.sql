-- Rows of accepted attempts of the runs, with directions and cubes for neighbours; each is a group of its own at first. Keys are
-- unique in a run only, so a group is named by key and run.
INSERT INTO apparition
SELECT p.run_id, p.src_id, p.attempt_id, p.scan_key, u.x, u.y, u.z,
       release.cell(u.x, u.y, u.z, 3 * release.chord(%(radius_arcsec)s::float8)), p.j_m, p.h_m, p.k_m, p.src_id, p.run_id
FROM wsdb.point_source AS p
JOIN production.attempt AS a ON a.attempt_id = p.attempt_id AND a.accepted
CROSS JOIN LATERAL (
    SELECT cosd(p.decl) * cosd(p.ra) AS x, cosd(p.decl) * sind(p.ra) AS y, sind(p.decl) AS z OFFSET 0
) AS u
WHERE p.run_id = ANY (%(run_ids)s::integer[])
