-- Middles of the images of a release, one a triple, in the order of their keys.
SELECT min(a.ra) AS ra, min(a.decl) AS decl FROM release.atlas AS a
WHERE a.release_id = %(release_id)s
GROUP BY a.coadd_key
ORDER BY a.coadd_key
