-- A release selects at most one scan of a tile.
SELECT e.name, s.tile, count(*) AS scans
FROM release.scan AS s
JOIN release.release AS e USING (release_id)
WHERE s.selected
GROUP BY e.name, s.tile
HAVING count(*) > 1;
