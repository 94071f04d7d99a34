-- Astrometric solutions of a release, night by night.
SELECT r.name AS run, n.date, n.hemis, s.astrometry_id, s.content_hash
FROM release.astrometry AS s
JOIN production.run AS r USING (run_id)
JOIN survey.night AS n USING (night_id)
WHERE s.release_id = %(release_id)s
ORDER BY n.date, n.hemis, r.name
