-- Tiles of the survey that a release does not cover whole: planned area, what of it no chosen scan covers in all bands (ranges of
-- cells of order 29), the chosen scan, and of tiles without one why there is none. Where nobody planned a tile its scans say where
-- it is. A tile with a scan needs cells, which are looked at one by one; of the others the area is enough.
WITH tile AS (
    SELECT t.tile, t.kind, t.hemis, coalesce(t.footprint, first.planned_footprint) AS area
    FROM survey.tile AS t
    LEFT JOIN LATERAL (
        SELECT s.planned_footprint FROM survey.scan AS s
        WHERE s.tile = t.tile AND s.kind = 'sci' AND s.planned_footprint IS NOT NULL ORDER BY s.scan_key LIMIT 1
    ) AS first ON true
    WHERE t.kind <> 'calibration'
),
opened AS (
    SELECT tile.*, wanted.cells - wsdb.release_coverage(%(release_id)s, tile.area) AS open, wanted.cells
    FROM tile
    CROSS JOIN LATERAL (SELECT wsdb.polygon_cells(tile.area) OFFSET 0) AS wanted (cells)
    WHERE tile.area IS NOT NULL
)
SELECT
    o.tile, o.kind, o.hemis, o.area::text AS area, wsdb.area_arcmin2(o.cells) AS wanted_arcmin2,
    wsdb.area_arcmin2(o.open) AS open_arcmin2, c.scan_key IS NOT NULL AS scanned,
    ARRAY(SELECT ARRAY[lower(part) >> 30, upper(part) - 1 >> 30] FROM unnest(o.open) AS part) AS open_cells,
    CASE
        WHEN c.scan_key IS NOT NULL THEN 'the chosen scan leaves it open'
        WHEN rejected.reason IS NOT NULL THEN format('no scan is good enough: %%s', rejected.reason)
        WHEN EXISTS (SELECT FROM survey.scan AS s WHERE s.tile = o.tile) THEN 'scanned, and not in the runs of the release'
        ELSE 'never scanned'
    END AS reason
FROM opened AS o
LEFT JOIN release.scan AS c ON c.release_id = %(release_id)s AND c.tile = o.tile AND c.selected
LEFT JOIN LATERAL (
    SELECT r.reason FROM release.scan AS r WHERE r.release_id = %(release_id)s AND r.tile = o.tile
    ORDER BY r.rank, r.scan_key LIMIT 1
) AS rejected ON true
WHERE NOT isempty(o.open)
ORDER BY o.tile
