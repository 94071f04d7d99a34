-- Every source row belongs to an accepted attempt.
SELECT held.source, held.attempt_id, held.rows
FROM (
    SELECT 'point_measurement' AS source, attempt_id, count(*) AS rows FROM wsdb.point_measurement GROUP BY attempt_id
    UNION ALL
    SELECT 'extended_measurement', attempt_id, count(*) FROM wsdb.extended_measurement GROUP BY attempt_id
) AS held
LEFT JOIN production.attempt AS a USING (attempt_id)
WHERE a.accepted IS NOT TRUE
ORDER BY held.source, held.attempt_id;
