-- Scans that were considered, and those chosen.
SELECT count(*), count(*) FILTER (WHERE selected) FROM release.scan WHERE release_id = %(release_id)s
