-- Key of a published release.
SELECT release_id FROM release.release WHERE name = %(name)s AND state = 'published'
