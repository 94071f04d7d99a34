-- What the chosen scans of a release cover together, in a band or in all their bands (-): ranges of nested cells of order 29, and
-- the order of the cells that were found covered.
SELECT range_agg(v.coverage), max(v.coverage_order)
FROM release.scan AS s
JOIN wsdb.scan_coverage AS v ON v.attempt_id = s.attempt_id AND v.band = %(band)s
WHERE s.release_id = %(release_id)s AND s.selected
