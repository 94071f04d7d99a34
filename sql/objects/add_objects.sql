-- The objects: mean place, numbers of apparitions and of scans, scans that cover the place, extent, mean magnitudes. Sums are of exact
-- decimals, so that they do not depend on the order of rows.
WITH grouped AS (
    SELECT group_id, group_run, count(*) AS napp, count(DISTINCT (run_id, scan_key)) AS nscan,
           sum(x::numeric) AS x, sum(y::numeric) AS y, sum(z::numeric) AS z, avg(j_m::numeric) AS j, avg(h_m::numeric) AS h,
           avg(k_m::numeric) AS k
    FROM apparition GROUP BY group_id, group_run
),
placed AS MATERIALIZED (
    SELECT g.*, m.ra, m.decl, m.x / m.length AS ux, m.y / m.length AS uy, m.z / m.length AS uz
    FROM grouped AS g
    CROSS JOIN LATERAL (
        SELECT g.x::double precision AS x, g.y::double precision AS y, g.z::double precision AS z,
               sqrt(g.x ^ 2 + g.y ^ 2 + g.z ^ 2)::double precision AS length,
               round(((atan2d(g.y::double precision, g.x::double precision) + 360) * 1e6)::numeric)::bigint %% 360000000 / 1e6::double precision AS ra,
               round((atan2d(g.z::double precision, sqrt(g.x ^ 2 + g.y ^ 2)::double precision) * 1e6)::numeric) / 1e6::double precision AS decl
        OFFSET 0
    ) AS m
),
extent AS (
    -- By a join: an index on groups that is made after rows have changed is not used before its transaction has ended.
    SELECT p.group_id, p.group_run,
           max(degrees(2 * asin(least(1, sqrt((b.x - p.ux) ^ 2 + (b.y - p.uy) ^ 2 + (b.z - p.uz) ^ 2) / 2)))) * 3600 AS extent_arcsec
    FROM placed AS p
    JOIN apparition AS b USING (group_id, group_run)
    GROUP BY p.group_id, p.group_run
)
INSERT INTO release.object (object_set_id, gcntr, seed_run_id, ra, decl, napp, nscan, spos, extent_arcsec, j_mag, h_mag, k_mag)
SELECT
    %(object_set_id)s, p.group_id, p.group_run, p.ra, p.decl, p.napp, p.nscan,
    (SELECT count(*) FROM wsdb.scan_coverage AS v
     JOIN production.attempt AS a ON a.attempt_id = v.attempt_id AND a.accepted
     WHERE v.band = '-' AND v.run_id = ANY (%(run_ids)s::integer[]) AND spoint(radians(p.ra), radians(p.decl)) <@ v.footprint
       AND (SELECT c.beyond FROM covered AS c WHERE c.attempt_id = v.attempt_id AND c.first <= wsdb.cell(p.ra, p.decl)
            ORDER BY c.first DESC LIMIT 1) > wsdb.cell(p.ra, p.decl)),
    e.extent_arcsec,
    p.j, p.h, p.k
FROM placed AS p
JOIN extent AS e USING (group_id, group_run)
ORDER BY p.group_id, p.group_run
