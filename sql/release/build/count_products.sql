-- Rows of each product of the release.
SELECT product, rows FROM release.manifest
WHERE release_id = %(release_id)s AND partition = 'all'
ORDER BY product
