-- The brightest stars of a release in Ks.
SELECT p.designation, p.ra, p.decl, p.j_m, p.h_m, p.k_m, p.ph_qual, p.rd_flg
FROM release.psc AS p
JOIN release.release AS r USING (release_id)
WHERE r.name = %(release)s AND wsdb.k_ph_qual(p.ph_qual) IN ('A', 'B', 'C', 'D')
ORDER BY p.k_m, p.pts_key
LIMIT 8
