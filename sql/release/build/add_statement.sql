-- Which file was executed, with its content hash and the rows it made.
INSERT INTO release.statement (release_id, position, file, sha256, rows)
VALUES (%(release_id)s, %(position)s, %(file)s, %(sha256)s, %(rows)s)
