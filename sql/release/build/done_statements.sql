-- Files that the build has worked through, with the time that they took in all processes together.
SELECT s.file, s.sha256, s.rows, c.seconds
FROM release.statement AS s
LEFT JOIN (SELECT file, sum(seconds) AS seconds FROM release.work_count GROUP BY file) AS c ON c.file = s.file
WHERE s.release_id = %(release_id)s ORDER BY s.position
