-- What users of a release should know: scans that were not chosen by the kind of reason, and verdicts of rows.
SELECT 'scan' AS of, regexp_replace(reason, '[-+]?\d+(\.\d+)?', 'N', 'g') AS reason, count(*) AS number
FROM release.scan WHERE release_id = %(release_id)s AND NOT selected GROUP BY 2
UNION ALL
SELECT 'point', reason, count(*) FROM release.verdict WHERE release_id = %(release_id)s AND NOT released GROUP BY 2
UNION ALL
SELECT 'extended', reason, count(*) FROM release.extended_verdict WHERE release_id = %(release_id)s AND NOT released GROUP BY 2
ORDER BY 1, 3 DESC, 2
