-- The negative tile of a scan whose real tile a later file named.
DELETE FROM survey.tile AS t
WHERE t.tile = %(tile)s AND t.tile < 0 AND NOT EXISTS (SELECT FROM survey.scan AS s WHERE s.tile = t.tile)
