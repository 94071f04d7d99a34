-- An operator names the hardware block of nights from one to another of a site; it gives the nights, as they were before.
WITH chosen AS (
    SELECT n.night_id, n.date, n.hemis, n.block AS former FROM survey.night AS n
    WHERE n.hemis = %(hemis)s AND n.date BETWEEN %(first)s AND %(last)s
    FOR UPDATE
), named AS (
    UPDATE survey.night AS n SET block = %(block)s, block_named = true
    FROM chosen WHERE n.night_id = chosen.night_id
    RETURNING n.night_id
)
SELECT c.date, c.hemis, c.former, %(block)s::text AS block FROM chosen AS c JOIN named USING (night_id) ORDER BY c.date
