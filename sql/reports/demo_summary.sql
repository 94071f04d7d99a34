-- What a run and the release drawn from it hold, one line a product.
SELECT 'scans reduced' AS product, count(*) AS rows
FROM production.attempt AS a JOIN production.run AS n USING (run_id) WHERE n.name = %(run)s AND a.accepted AND a.scan_key IS NOT NULL
UNION ALL
SELECT 'Atlas images', count(*) FROM wsdb.atlas_measurement JOIN production.run AS n USING (run_id) WHERE n.name = %(run)s
UNION ALL
SELECT 'point sources in the working database', count(*) FROM wsdb.point_measurement JOIN production.run AS n USING (run_id)
WHERE n.name = %(run)s
UNION ALL
SELECT 'point sources released', count(*) FROM release.psc JOIN release.release AS r USING (release_id) WHERE r.name = %(release)s
UNION ALL
SELECT 'extended sources released', count(*) FROM release.xsc JOIN release.release AS r USING (release_id) WHERE r.name = %(release)s
UNION ALL
SELECT 'Atlas images released', count(*) FROM release.atlas JOIN release.release AS r USING (release_id) WHERE r.name = %(release)s
