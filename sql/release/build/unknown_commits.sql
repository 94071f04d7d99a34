-- Number of selected scans that were reduced by code of an unknown commit: nobody finds that code again.
SELECT count(*)
FROM release.scan AS s
JOIN production.attempt AS a USING (attempt_id)
WHERE s.release_id = %(release_id)s AND s.selected AND a.code_commit LIKE 'unknown%%'
