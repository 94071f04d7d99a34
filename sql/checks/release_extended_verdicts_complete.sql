-- Released + rejected = rows of the working database, for extended sources: every row of a release's runs has a verdict.
SELECT e.name, p.run_id, p.ext_id
FROM release.release AS e
JOIN release.scan AS s USING (release_id)
JOIN wsdb.extended_measurement AS p ON p.run_id = s.run_id AND p.scan_key = s.scan_key AND p.attempt_id = s.attempt_id
LEFT JOIN release.extended_verdict AS v ON v.release_id = e.release_id AND v.run_id = p.run_id AND v.ext_id = p.ext_id
WHERE e.state = 'published' AND v.ext_id IS NULL;
