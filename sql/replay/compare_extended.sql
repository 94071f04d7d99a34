-- extended_measurement rows of an attempt as they are loaded and as they were made again, paired by key and compared byte by byte.
SELECT count(l.ext_id) AS loaded, count(r.ext_id) AS again,
       count(*) FILTER (WHERE r.ext_id IS NULL) AS missing, count(*) FILTER (WHERE l.ext_id IS NULL) AS added,
       count(*) FILTER (WHERE l.ext_id = r.ext_id AND record_send(l) IS DISTINCT FROM record_send(r)) AS different,
       min(l.ext_id) FILTER (WHERE r.ext_id IS NULL) AS first_missing, min(r.ext_id) FILTER (WHERE l.ext_id IS NULL) AS first_added
FROM (SELECT * FROM wsdb.extended_measurement WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s) AS l
FULL JOIN replayed_extended_measurement AS r ON r.ext_id = l.ext_id
