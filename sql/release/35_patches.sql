-- Rows that patches of the release put back (release.patch: restore, and the second row of a replacement): from chosen scans,
-- inside the border, whatever other rule they failed; they take part in all that follows, and lose to another apparition as
-- any candidate does. Rows that patches take out leave at 50_members: an apparition that lost to one stays a duplicate.
-- Extended sources have theirs in 60_extended_sources.sql.
-- A patch that finds nothing to do fails the build (build/idle_patches.sql).
--
-- By hand:    in the session of 30_candidates.sql

INSERT INTO zone_candidate (src_id, run_id, scan_key, core, ra, decl, x, y, z, edge_arcsec, u, v)
SELECT
    r.src_id, r.run_id, r.scan_key, r.core, r.ra, r.decl, unit.x, unit.y, unit.z, r.edge_arcsec,
    unit.x * f.east_x + unit.y * f.east_y + unit.z * f.east_z, unit.x * f.north_x + unit.y * f.north_y + unit.z * f.north_z
FROM release.patch AS t
JOIN zone_row AS r ON r.run_id = t.run_id AND r.src_id = t.restored_src_id
JOIN release.work_zone AS f ON f.zone = release.current_zone()
CROSS JOIN LATERAL (
    SELECT cosd(r.decl) * cosd(r.ra) AS x, cosd(r.decl) * sind(r.ra) AS y, sind(r.decl) AS z OFFSET 0
) AS unit
WHERE t.release_id = release.current_id() AND t.product = 'psc' AND r.failed <> 0
  AND r.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0
ORDER BY r.src_id;

SELECT count(*) AS rows
FROM release.patch AS t
JOIN release.work_zone AS z ON z.zone = release.current_zone()
WHERE t.release_id = release.current_id() AND t.product = 'psc'
  AND coalesce(t.restored_src_id, t.removed_src_id) >= z.low AND coalesce(t.restored_src_id, t.removed_src_id) < z.high;
