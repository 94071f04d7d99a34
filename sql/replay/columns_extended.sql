-- Columns in which extended_measurement rows as loaded and as made again differ: rows, and the first of them.
SELECT o.name, count(*) AS rows,
       (array_agg(format('ext_id %%s: %%s loaded, %%s made again', pair.ext_id, coalesce(o.value, 'null'),
                         coalesce(pair.again ->> o.name, 'null')) ORDER BY pair.ext_id))[1] AS example
FROM (
    SELECT l.ext_id, to_jsonb(l) AS loaded, to_jsonb(r) AS again
    FROM (SELECT * FROM wsdb.extended_measurement WHERE run_id = %(run_id)s AND attempt_id = %(attempt_id)s) AS l
    JOIN replayed_extended_measurement AS r ON r.ext_id = l.ext_id
    WHERE record_send(l) IS DISTINCT FROM record_send(r)
) AS pair
CROSS JOIN LATERAL jsonb_each_text(pair.loaded) AS o (name, value)
WHERE o.value IS DISTINCT FROM pair.again ->> o.name
GROUP BY o.name
ORDER BY rows DESC, o.name
