-- Overrides of a run, undone ones too, and how many grades each changes now.
SELECT
    o.override_id, n.date, n.hemis, lower(o.scans) AS first, upper(o.scans) - 1 AS last, o.score, o.flag, o.raised, o.reason,
    o.person, o.made_at, o.undone_at, o.undone_by, o.undone_because,
    (SELECT count(*) FROM quality.scan_grade AS g
     WHERE g.run_id = o.run_id AND g.override_id = o.override_id AND g.score <> g.graded_score) AS changed
FROM quality.override AS o
JOIN survey.night AS n USING (night_id)
WHERE o.run_id = %(run_id)s
ORDER BY o.override_id
