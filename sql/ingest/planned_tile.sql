-- A tile as it is known: its kind, and the corners of its area.
SELECT t.kind, degrees(long(corner)) AS ra, degrees(lat(corner)) AS decl
FROM survey.tile AS t
CROSS JOIN LATERAL unnest(spoly_as_array(t.footprint)) AS corner
WHERE t.tile = %(tile)s
