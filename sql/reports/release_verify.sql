-- The manifest of a release beside the hashes of the rows that are there now.
SELECT
    coalesce(m.product, h.product), coalesce(m.partition, h.partition), m.rows, h.rows, trim(m.sha256), h.sha256
FROM (SELECT * FROM release.manifest WHERE release_id = %(release_id)s) AS m
FULL JOIN release.content_hashes(%(release_id)s) AS h ON h.product = m.product AND h.partition = m.partition
ORDER BY 1, length(coalesce(m.partition, h.partition)), 2
