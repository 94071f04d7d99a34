-- Images of a release, of the newest where none is named, that have a place; in some bands or in all.
SELECT catalogue.identifier(a.release_id) || '/' || a.coadd_key || '/' || trim(a.band)
FROM release.atlas AS a
JOIN wsdb.atlas_measurement AS i
    ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.band = a.band AND i.coadd_key = a.coadd_key
WHERE a.release_id = (
    SELECT r.release_id FROM release.release AS r
    WHERE r.state = 'published'
      AND (%(release)s::text IS NULL OR r.name = %(release)s OR catalogue.identifier(r.release_id) = %(release)s)
    ORDER BY r.release_id DESC LIMIT 1
)
  AND spoint(radians(%(ra)s::float8), radians(%(decl)s::float8)) <@ i.footprint
  AND (%(bands)s::text[] IS NULL OR trim(a.band) = ANY (%(bands)s::text[]))
ORDER BY 1
