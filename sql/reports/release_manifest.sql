-- Row counts and content hashes of a release, the coarse parts of the sky first.
SELECT product, partition, rows, sha256 FROM release.manifest
WHERE release_id = %(release_id)s
ORDER BY product, length(partition), partition
