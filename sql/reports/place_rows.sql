-- What the runs of a release extracted around a place, points and extended, the nearest first, with the verdicts.
WITH circle AS (
    SELECT scircle(spoint(radians(%(ra)s::float8), radians(%(decl)s::float8)), radians(%(radius_arcsec)s::float8 / 3600)) AS area,
           spoint(radians(%(ra)s::float8), radians(%(decl)s::float8)) AS middle
)
SELECT 'point' AS what, r.name AS run, p.src_id AS key, p.ra, p.decl,
       degrees(spoint(radians(p.ra), radians(p.decl)) <-> c.middle) * 3600 AS distance_arcsec,
       v.released, v.reason, p.ph_qual, p.cc_flg, p.j_m, p.h_m, p.k_m
FROM circle AS c
CROSS JOIN release.parent_run AS r
JOIN wsdb.point_measurement AS p ON p.run_id = r.run_id AND spoint(radians(p.ra), radians(p.decl)) <@ c.area
JOIN release.verdict AS v ON v.release_id = r.release_id AND v.run_id = p.run_id AND v.src_id = p.src_id
WHERE r.release_id = %(release_id)s
UNION ALL
SELECT 'extended', r.name, p.ext_id, p.ra, p.decl,
       degrees(spoint(radians(p.ra), radians(p.decl)) <-> c.middle) * 3600, v.released, v.reason, NULL, NULL, p.j_m_7, p.h_m_7,
       p.k_m_7
FROM circle AS c
CROSS JOIN release.parent_run AS r
JOIN wsdb.extended_measurement AS p
    ON p.run_id = r.run_id AND p.decl BETWEEN %(decl)s::float8 - %(radius_arcsec)s::float8 / 3600 AND %(decl)s::float8 + %(radius_arcsec)s::float8 / 3600
   AND spoint(radians(p.ra), radians(p.decl)) <@ c.area
JOIN release.extended_verdict AS v ON v.release_id = r.release_id AND v.run_id = p.run_id AND v.ext_id = p.ext_id
WHERE r.release_id = %(release_id)s
ORDER BY distance_arcsec, what, key
