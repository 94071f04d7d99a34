-- The files of rules that a release was drawn with, in their order.
SELECT position, file, rows, sha256 FROM release.statement WHERE release_id = %(release_id)s ORDER BY position
