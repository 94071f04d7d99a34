-- What the runs of a release extracted around a place, points and extended, the nearest first, with the verdicts. Places are those
-- of the astrometric solutions that are adopted now.
WITH circle AS (
    SELECT spoint(radians(%(ra)s::float8), radians(%(decl)s::float8)) AS middle
)
SELECT 'point' AS what, r.name AS run, p.src_id AS key, p.ra, p.decl,
       degrees(spoint(radians(p.ra), radians(p.decl)) <-> c.middle) * 3600 AS distance_arcsec,
       v.released, v.reason, p.ph_qual, p.cc_flg, m.j_m, m.h_m, m.k_m
FROM circle AS c
CROSS JOIN release.parent_run AS r
JOIN wsdb.point_sources_near(%(ra)s::float8, %(decl)s::float8, %(radius_arcsec)s::float8 / 3600) AS p ON p.run_id = r.run_id
JOIN wsdb.point_measurement AS m ON m.run_id = p.run_id AND m.src_id = p.src_id
JOIN release.verdict AS v ON v.release_id = r.release_id AND v.run_id = p.run_id AND v.src_id = p.src_id
WHERE r.release_id = %(release_id)s
UNION ALL
SELECT 'extended', r.name, p.ext_id, p.ra, p.decl,
       degrees(spoint(radians(p.ra), radians(p.decl)) <-> c.middle) * 3600, v.released, v.reason, NULL, NULL, m.j_m_7, m.h_m_7,
       m.k_m_7
FROM circle AS c
CROSS JOIN release.parent_run AS r
JOIN wsdb.extended_sources_near(%(ra)s::float8, %(decl)s::float8, %(radius_arcsec)s::float8 / 3600) AS p ON p.run_id = r.run_id
JOIN wsdb.extended_measurement AS m ON m.run_id = p.run_id AND m.ext_id = p.ext_id
JOIN release.extended_verdict AS v ON v.release_id = r.release_id AND v.run_id = p.run_id AND v.ext_id = p.ext_id
WHERE r.release_id = %(release_id)s
ORDER BY distance_arcsec, what, key
