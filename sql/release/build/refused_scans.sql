-- Why scans were not selected, the commonest reason first.
SELECT reason, count(*) FROM release.scan
WHERE release_id = %(release_id)s AND NOT selected
GROUP BY reason
ORDER BY count(*) DESC, reason
LIMIT 5
