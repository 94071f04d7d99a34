-- With which limits and which code a release was drawn, and of which version its content hashes are.
SELECT parameters, code_version, code_commit, hash_version FROM release.release WHERE release_id = %(release_id)s
