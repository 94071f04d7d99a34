-- Key and state of the release of a name, published or not; no row where the name is free.
SELECT release_id, state FROM release.release WHERE name = %(name)s
