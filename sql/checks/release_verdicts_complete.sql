-- Released + rejected = rows of the working database (background/survey 10.4): every row of its runs has a verdict.
-- Rows made again after the release, in another attempt, are not the release's.
SELECT e.name, p.run_id, p.src_id
FROM release.release AS e
JOIN release.scan AS s USING (release_id)
JOIN wsdb.point_measurement AS p ON p.run_id = s.run_id AND p.scan_key = s.scan_key AND p.attempt_id = s.attempt_id
LEFT JOIN release.verdict AS v ON v.release_id = e.release_id AND v.run_id = p.run_id AND v.src_id = p.src_id
WHERE e.state = 'published' AND v.src_id IS NULL;
