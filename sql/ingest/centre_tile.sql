-- A tile whose planned area nobody told has the centre of its first scan, in whatever order scans come in.
UPDATE survey.tile AS t
SET ra = first.ra, decl = first.decl
FROM (
    SELECT s.ra, s.decl
    FROM survey.scan AS s
    JOIN survey.night AS n USING (night_id)
    WHERE s.tile = %(tile)s AND s.ra IS NOT NULL
    ORDER BY n.date, n.hemis, s.scan
    LIMIT 1
) AS first
WHERE t.tile = %(tile)s AND t.footprint IS NULL AND (t.ra, t.decl) IS DISTINCT FROM (first.ra, first.decl)
