-- A planned tile: entered, or given its area and kind where scans brought it in; no row where it has an area.
INSERT INTO survey.tile AS t (tile, hemis, kind, ra, decl, footprint)
VALUES (%(tile)s, %(hemis)s, %(kind)s, %(ra)s, %(decl)s, %(footprint)s::spoly)
ON CONFLICT (tile) DO UPDATE
SET kind = excluded.kind, ra = excluded.ra, decl = excluded.decl, footprint = excluded.footprint
WHERE t.footprint IS NULL
RETURNING tile
