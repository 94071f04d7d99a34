-- Objects of a set that a scan covers in all its bands and has no row of.
SELECT o.gcntr, o.seed_run_id, o.ra, o.decl
FROM release.object AS o
JOIN wsdb.scan_coverage AS v ON v.attempt_id = %(attempt_id)s AND v.band = '-'
WHERE o.object_set_id = %(object_set_id)s AND spoint(radians(o.ra), radians(o.decl)) <@ v.footprint
  AND v.coverage @> wsdb.cell(o.ra, o.decl)
  AND NOT EXISTS (
      SELECT FROM release.object_member AS m
      WHERE m.object_set_id = o.object_set_id AND m.gcntr = o.gcntr AND m.seed_run_id = o.seed_run_id
        AND m.run_id = v.run_id AND m.scan_key = v.scan_key)
ORDER BY o.gcntr, o.seed_run_id
