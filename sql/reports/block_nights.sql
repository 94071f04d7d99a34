-- Nights of the blocks of runs, a row a night, band and camera, with what departs from the block and how far; recalled
-- blocks left out. Filters are optional; `night` is a name such as 980427s.
SELECT r.name AS run, c.block, g.night ->> 'night' AS night, c.band, c.camera, c.calibration_id,
       jsonb_array_length(g.night -> 'beyond') = 0 AS combined,
       ARRAY(SELECT jsonb_array_elements_text(g.night -> 'beyond')) AS departs,
       (g.night ->> 'dark_level_dn')::float8 AS dark_level_dn,
       (g.night ->> 'dark_structure_dn')::float8 AS dark_structure_dn,
       (g.night ->> 'read1_structure_dn')::float8 AS read1_structure_dn,
       (g.night ->> 'flat_structure')::float8 AS flat_structure,
       (g.night ->> 'flat_noise_ratio')::float8 AS flat_noise_ratio,
       (g.night ->> 'mask_share')::float8 AS mask_share,
       (g.night ->> 'nonlinearity')::float8 AS nonlinearity
FROM calibration.product AS c
JOIN production.run AS r USING (run_id)
CROSS JOIN LATERAL jsonb_array_elements(c.facts -> 'nights') WITH ORDINALITY AS g (night, place)
WHERE c.kind = 'block' AND c.retired_at IS NULL
  AND (%(run)s::text IS NULL OR r.name = %(run)s::text)
  AND (%(block)s::text IS NULL OR c.block = %(block)s::text)
  AND (%(night)s::text IS NULL OR starts_with(g.night ->> 'night', %(night)s::text))
ORDER BY r.name, c.block, c.hemis, c.camera, c.band, g.place
