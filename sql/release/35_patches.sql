-- Rows that patches of the release put back (release.patch: restore, and the second row of a replacement): from chosen scans,
-- inside the border, whatever other rule they failed; they take part in all that follows, and lose to another apparition as
-- any candidate does. Rows that patches take out leave at 50_members: an apparition that lost to one stays a duplicate.
-- Extended sources have theirs in 60_extended_sources.sql.
-- A patch that finds nothing to do fails the build (build/idle_patches.sql).
--
-- Parameters: cell_arcsec.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/35_patches.sql

INSERT INTO release.work_candidate (src_id, run_id, scan_key, ra, decl, x, y, z, cell, edge_arcsec, passed, failed)
SELECT
    p.src_id, p.run_id, p.scan_key, place.ra, place.decl, unit.x, unit.y, unit.z,
    release.cell(unit.x, unit.y, unit.z, release.chord(release.parameter('cell_arcsec'))),
    least(p.dist_edge_ns, p.dist_edge_ew), v.passed, v.failed
FROM release.patch AS t
JOIN release.verdict AS v ON v.release_id = t.release_id AND v.run_id = t.run_id AND v.src_id = t.restored_src_id
JOIN wsdb.point_measurement AS p ON p.run_id = t.run_id AND p.src_id = t.restored_src_id
CROSS JOIN LATERAL (
    SELECT round(p.ra * 1e6)::bigint % 360000000 / 1e6::double precision AS ra, round(p.decl * 1e6) / 1e6 AS decl OFFSET 0
) AS place
CROSS JOIN LATERAL (
    SELECT cosd(place.decl) * cosd(place.ra) AS x, cosd(place.decl) * sind(place.ra) AS y, sind(place.decl) AS z OFFSET 0
) AS unit
WHERE t.release_id = release.current_id() AND t.product = 'psc'
  AND v.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0
ORDER BY p.src_id;

DELETE FROM release.verdict AS v
USING release.patch AS t
WHERE t.release_id = release.current_id() AND t.product = 'psc' AND v.release_id = t.release_id AND v.run_id = t.run_id
  AND v.src_id = t.restored_src_id
  AND v.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0;

SELECT count(*) AS rows FROM release.patch WHERE release_id = release.current_id() AND product = 'psc';
