-- Objects of a set that a scan covers in all its bands and has no row of, at the places that they have in the frame of its images:
-- those of the set are solved, images lie as they were registered.
SELECT o.gcntr, o.seed_run_id, place.registered[1] AS ra, place.registered[2] AS decl
FROM release.object AS o
JOIN wsdb.scan_coverage AS v ON v.attempt_id = %(attempt_id)s AND v.band = '-'
LEFT JOIN calibration.adopted_place AS g ON g.attempt_id = v.attempt_id
CROSS JOIN LATERAL (SELECT calibration.registered_place(o.ra, o.decl, g)) AS place (registered)
WHERE o.object_set_id = %(object_set_id)s AND spoint(radians(o.ra), radians(o.decl)) <@ v.footprint
  AND v.coverage @> wsdb.cell(o.ra, o.decl)
  AND NOT EXISTS (
      SELECT FROM release.object_member AS m
      WHERE m.object_set_id = o.object_set_id AND m.gcntr = o.gcntr AND m.seed_run_id = o.seed_run_id
        AND m.run_id = v.run_id AND m.scan_key = v.scan_key)
ORDER BY o.gcntr, o.seed_run_id
