-- Source rows of attempts, counted in the table itself.
SELECT p.attempt_id, p.scan_key, count(*) AS sources
FROM wsdb.point_measurement AS p
WHERE p.run_id = ANY (%(run_ids)s::integer[]) AND p.attempt_id = ANY (%(attempt_ids)s::bigint[])
GROUP BY p.attempt_id, p.scan_key
ORDER BY p.scan_key
