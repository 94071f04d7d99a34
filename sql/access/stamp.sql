-- The postage stamp of an extended source of a release.
SELECT r.name AS release, p.ext_key, trim(x.designation) AS designation, p.url, p.sha256
FROM release.stamp AS p
JOIN release.release AS r ON r.release_id = p.release_id AND r.state = 'published'
JOIN release.xsc AS x ON x.release_id = p.release_id AND x.ext_key = p.ext_key
WHERE catalogue.identifier(p.release_id) = %(release)s AND p.ext_key = %(ext_key)s
