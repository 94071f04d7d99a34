-- Objects of a set whose light changes, all bands together, the most significant first.
SELECT o.gcntr, o.ra, o.decl, o.nscan, o.spos, v.epochs, round(v.significance::numeric, 1) AS significance,
       round(j.mean_mag::numeric, 3) AS j_mag, round(j.scatter_mag::numeric, 3) AS j_scatter_mag, round(j.error_mag::numeric, 3) AS j_error_mag
FROM release.object_light AS v
JOIN release.object AS o USING (object_set_id, gcntr, seed_run_id)
LEFT JOIN release.object_light AS j USING (object_set_id, gcntr, seed_run_id)
WHERE v.object_set_id = %(object_set_id)s AND v.band = '-' AND v.significance >= %(significance)s AND (j.band IS NULL OR j.band = 'j')
ORDER BY v.significance DESC, o.gcntr, o.seed_run_id
