-- A new release that is being built; no row back means that the name is taken.
INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)
VALUES (%(name)s, %(kind)s, %(state)s, %(parameters)s, %(code_version)s, %(code_commit)s, %(hash_version)s)
ON CONFLICT (name) DO NOTHING
RETURNING release_id
