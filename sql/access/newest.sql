-- Whether the releases are still those that were read last: their number and the newest.
SELECT count(*), max(r.published_at) FROM release.release AS r WHERE r.state = 'published'
