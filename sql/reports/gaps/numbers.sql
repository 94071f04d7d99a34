-- Largest number of a tile of a kind, by site.
SELECT hemis, max(tile) FROM survey.tile WHERE kind = %(kind)s GROUP BY hemis ORDER BY hemis
