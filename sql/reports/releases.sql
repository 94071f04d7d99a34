-- All releases, newest first, with their runs and products.
SELECT
    r.name, r.kind, r.state, r.published_at,
    (SELECT string_agg(p.name, ' ' ORDER BY p.name) FROM release.parent_run AS p WHERE p.release_id = r.release_id) AS runs,
    (SELECT count(*) FROM release.scan AS s WHERE s.release_id = r.release_id AND s.selected) AS scans,
    max(m.rows) FILTER (WHERE m.product = 'psc') AS psc, max(m.rows) FILTER (WHERE m.product = 'xsc') AS xsc,
    max(m.rows) FILTER (WHERE m.product = 'atlas') AS atlas
FROM release.release AS r
LEFT JOIN release.manifest AS m ON m.release_id = r.release_id AND m.partition = 'all'
WHERE %(name)s::text IS NULL OR r.name = %(name)s
GROUP BY r.release_id
ORDER BY r.release_id DESC
