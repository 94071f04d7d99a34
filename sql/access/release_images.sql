-- Triples of images of a release, as many as a page shows, in the order of their keys.
SELECT catalogue.identifier(a.release_id) AS release, a.coadd_key, min(a.ra) AS ra, min(a.decl) AS decl,
       string_agg(a.band, '' ORDER BY position(a.band IN 'jhk')) AS bands
FROM release.atlas AS a
WHERE a.release_id = %(release_id)s
GROUP BY a.release_id, a.coadd_key
ORDER BY a.coadd_key
LIMIT 60
