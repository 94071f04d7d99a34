-- Rows of the products of a release, its chosen scans, nights and tiles.
SELECT (SELECT rows FROM release.manifest WHERE release_id = %(release_id)s AND product = 'psc' AND partition = 'all') AS points,
       (SELECT rows FROM release.manifest WHERE release_id = %(release_id)s AND product = 'xsc' AND partition = 'all') AS extended,
       (SELECT rows FROM release.manifest WHERE release_id = %(release_id)s AND product = 'atlas' AND partition = 'all') AS images,
       count(*) AS scans, count(DISTINCT (date, hemis)) AS nights, count(DISTINCT tile) AS tiles
FROM release.scn WHERE release_id = %(release_id)s
