-- Images of a scan in the runs that reduced it, a row a triple of bands, with the point sources that stand on it.
SELECT r.name AS run, i.number, i.coadd_key, string_agg(i.band, '' ORDER BY position(i.band IN 'jhk')) AS bands,
       min(i.ra) AS ra, min(i.decl) AS decl, c.sources
FROM wsdb.atlas_measurement AS i
JOIN production.attempt AS a ON a.attempt_id = i.attempt_id AND a.accepted
JOIN production.run AS r ON r.run_id = i.run_id
CROSS JOIN LATERAL (
    SELECT count(*) AS sources FROM wsdb.point_measurement AS p WHERE p.run_id = i.run_id AND p.coadd_key = i.coadd_key
) AS c
WHERE i.scan_key = %(scan_key)s
GROUP BY r.name, i.number, i.coadd_key, c.sources
ORDER BY r.name, i.number
