-- No two extended sources of different scans of a release are closer than its match radius: overlap duplicates are released once.
WITH placed AS MATERIALIZED (
    SELECT x.release_id, x.ext_key, x.scan_key, l.reach, cosd(x.decl) * cosd(x.ra) AS x, cosd(x.decl) * sind(x.ra) AS y,
           sind(x.decl) AS z
    FROM release.xsc AS x
    JOIN release.release AS e USING (release_id)
    CROSS JOIN LATERAL (
        -- Positions have six decimals: two rows that were just outside may be 0.003 arcsec closer.
        SELECT release.chord((e.parameters ->> 'extended_match_arcsec')::double precision - 0.003) AS reach
    ) AS l
)
SELECT a.release_id, a.ext_key, b.ext_key AS other, a.scan_key, b.scan_key AS other_scan
FROM placed AS a
CROSS JOIN LATERAL release.cells_within(a.x, a.y, a.z, a.reach, 3 * a.reach) AS near (cell)
JOIN placed AS b ON b.release_id = a.release_id AND release.cell(b.x, b.y, b.z, 3 * a.reach) = near.cell
WHERE a.ext_key < b.ext_key AND a.scan_key <> b.scan_key
  AND (a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2 < a.reach ^ 2;
