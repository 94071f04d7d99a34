-- A new release that is being built; no row back means that the name is taken.
INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit)
VALUES (%(name)s, %(kind)s, %(state)s, %(parameters)s, %(code_version)s, %(code_commit)s)
ON CONFLICT (name) DO NOTHING
RETURNING release_id
