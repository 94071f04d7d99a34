-- Every released source, point or extended, lies in a cell of the property map of which a chosen scan covers a part in some band.
SELECT e.name, p.product, p.key, p.ra, p.decl, m.j_frac, m.h_frac, m.k_frac
FROM release.release AS e
CROSS JOIN LATERAL (
    SELECT 'psc' AS product, c.src_id AS key, c.ra, c.decl FROM release.psc AS c WHERE c.release_id = e.release_id
    UNION ALL SELECT 'xsc', x.ext_id, x.ra, x.decl FROM release.xsc AS x WHERE x.release_id = e.release_id
) AS p
LEFT JOIN release.property_map AS m
    ON m.release_id = e.release_id
    AND m.pixel = wsdb.cell(p.ra, p.decl) >> 2 * (29 - (e.parameters ->> 'map_order')::numeric::integer)
WHERE e.state = 'published' AND greatest(m.j_frac, m.h_frac, m.k_frac) > 0 IS NOT TRUE;
