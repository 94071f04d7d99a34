-- A tile, unless it is known; a planned area that comes later is added.
INSERT INTO survey.tile AS t (tile, hemis, kind, ra, decl, footprint)
VALUES (%(tile)s, %(hemis)s, %(kind)s, %(ra)s, %(decl)s, %(footprint)s::spoly)
ON CONFLICT (tile) DO UPDATE
SET ra = excluded.ra, decl = excluded.decl, footprint = excluded.footprint
WHERE t.footprint IS NULL AND excluded.footprint IS NOT NULL
