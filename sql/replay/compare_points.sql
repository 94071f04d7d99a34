-- point_measurement rows of an attempt as they are loaded and as they were made again, paired by key and compared byte by byte.
SELECT count(l.src_id) AS loaded, count(r.src_id) AS again,
       count(*) FILTER (WHERE r.src_id IS NULL) AS missing, count(*) FILTER (WHERE l.src_id IS NULL) AS added,
       count(*) FILTER (WHERE l.src_id = r.src_id AND record_send(l) IS DISTINCT FROM record_send(r)) AS different,
       min(l.src_id) FILTER (WHERE r.src_id IS NULL) AS first_missing, min(r.src_id) FILTER (WHERE l.src_id IS NULL) AS first_added
FROM (SELECT * FROM wsdb.point_measurement WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s) AS l
FULL JOIN replayed_point_measurement AS r ON r.src_id = l.src_id
