-- A new set; no row back means that it is there already.
INSERT INTO release.object_set (name, kind, radius_arcsec, code_version)
VALUES (%(name)s, %(kind)s, %(radius_arcsec)s, %(code_version)s)
ON CONFLICT (name, kind) DO NOTHING
RETURNING object_set_id
