-- An accepted attempt has as many source rows as it reported.
SELECT a.attempt_id, a.point_rows, coalesce(p.rows, 0) AS points_found, a.extended_rows, coalesce(e.rows, 0) AS extended_found
FROM production.attempt AS a
LEFT JOIN (SELECT attempt_id, count(*) AS rows FROM wsdb.point_measurement GROUP BY attempt_id) AS p USING (attempt_id)
LEFT JOIN (SELECT attempt_id, count(*) AS rows FROM wsdb.extended_measurement GROUP BY attempt_id) AS e USING (attempt_id)
WHERE a.accepted AND (a.point_rows <> coalesce(p.rows, 0) OR a.extended_rows <> coalesce(e.rows, 0))
ORDER BY a.attempt_id;
