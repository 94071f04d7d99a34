-- Nights of the blocks of runs, a row a night, band and camera, with what departs from the block and how far. Filters are
-- optional; `night` is a name such as 980427s.
SELECT r.name AS run, d.kind, d.block, d.night, d.band, d.camera, d.calibration_id, d.combined, d.departs, d.dark_level_dn,
       d.dark_structure_dn, d.read1_structure_dn, d.flat_structure, d.flat_noise_ratio, d.mask_share, d.nonlinearity,
       d.profile_structure, d.well_level
FROM calibration.night_departure AS d
JOIN production.run AS r USING (run_id)
WHERE (%(run)s::text IS NULL OR r.name = %(run)s::text)
  AND (%(block)s::text IS NULL OR d.block = %(block)s::text)
  AND (%(night)s::text IS NULL OR starts_with(d.night, %(night)s::text))
ORDER BY r.name, d.kind, d.block, d.hemis, d.camera, d.band, d.place
