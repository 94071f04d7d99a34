-- What the other release says of extended sources that it does not have: the verdict on the very row, where it looked at it.
UPDATE diff_row AS d SET reason_elsewhere = v.reason
FROM release.extended_verdict AS v
WHERE d.kind <> 'changed'
  AND v.release_id = CASE d.kind WHEN 'only A' THEN %(b)s::integer ELSE %(a)s::integer END
  AND v.run_id = coalesce(d.a_run, d.b_run) AND v.ext_id = coalesce(d.a_source, d.b_source)
