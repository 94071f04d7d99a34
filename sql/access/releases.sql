-- What every answer says of the releases it was drawn from: content hash of the whole, code, scans and images.
SELECT r.name, r.published_at, r.code_version, r.code_commit, catalogue.identifier(r.release_id) AS identifier,
       (SELECT encode(sha256(convert_to(string_agg(m.product || ' ' || m.sha256, E'\n' ORDER BY m.product), 'UTF8')), 'hex')
        FROM release.manifest AS m WHERE m.release_id = r.release_id AND m.partition = 'all') AS manifest_sha256,
       (SELECT count(*) FROM release.scan AS s WHERE s.release_id = r.release_id AND s.selected) AS scans
FROM release.release AS r
WHERE r.state = 'published'
ORDER BY r.release_id
