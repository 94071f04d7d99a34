-- How many reduced raw scans of a run have no reference star in their astrometric solution.
SELECT count(*)
FROM production.attempt AS a
JOIN production.run AS r USING (run_id)
JOIN quality.metric AS m USING (attempt_id)
WHERE r.name = %(name)s AND a.accepted AND m.name = 'reference_stars' AND m.band = '-' AND m.value = 0
