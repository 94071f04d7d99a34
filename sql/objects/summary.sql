-- How many objects a set has by the number of scans that saw them and that cover them.
SELECT nscan, spos, count(*) AS objects, sum(napp)::bigint AS apparitions FROM release.object
WHERE object_set_id = %(object_set_id)s GROUP BY nscan, spos ORDER BY nscan, spos
