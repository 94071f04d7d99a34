-- How many extended extractions of the parent runs got which verdict; `released` is one of them.
SELECT reason, count(*) AS rows FROM release.extended_verdict
WHERE release_id = %(release_id)s
GROUP BY reason
ORDER BY reason
