-- With which limits and which code a release was drawn.
SELECT parameters, code_version, code_commit FROM release.release WHERE release_id = %(release_id)s
