-- How far nights depart from the canonical calibrations of their blocks, libraries among them: a row a product of a block that stands and a night that
-- was offered to it, as the facts of the product have it. What a night does not measure is null.
DROP VIEW IF EXISTS calibration.night_departure;
CREATE VIEW calibration.night_departure AS
SELECT c.run_id, c.kind, c.block, c.hemis, c.band, c.camera, c.calibration_id, g.place::integer AS place,
       g.night ->> 'night' AS night, g.night ->> 'sha256' AS sha256,
       jsonb_array_length(g.night -> 'beyond') = 0 AS combined,
       ARRAY(SELECT jsonb_array_elements_text(g.night -> 'beyond')) AS departs,
       (g.night ->> 'dark_level_dn')::float8 AS dark_level_dn,
       (g.night ->> 'dark_structure_dn')::float8 AS dark_structure_dn,
       (g.night ->> 'read1_structure_dn')::float8 AS read1_structure_dn,
       (g.night ->> 'flat_structure')::float8 AS flat_structure,
       (g.night ->> 'flat_noise_ratio')::float8 AS flat_noise_ratio,
       (g.night ->> 'mask_share')::float8 AS mask_share,
       (g.night ->> 'nonlinearity')::float8 AS nonlinearity,
       (g.night ->> 'profile_structure')::float8 AS profile_structure,
       (g.night ->> 'well_level')::float8 AS well_level
FROM calibration.product AS c
CROSS JOIN LATERAL jsonb_array_elements(c.facts -> 'nights') WITH ORDINALITY AS g (night, place)
WHERE c.kind <> 'night' AND c.retired_at IS NULL;
COMMENT ON VIEW calibration.night_departure IS 'How far nights depart from the canonical calibrations of their hardware blocks';
COMMENT ON COLUMN calibration.night_departure.run_id IS 'Run';
COMMENT ON COLUMN calibration.night_departure.kind IS 'block: darks, flat, mask, linearity; library: point-spread functions and wells';
COMMENT ON COLUMN calibration.night_departure.block IS 'Hardware block';
COMMENT ON COLUMN calibration.night_departure.hemis IS 'Observatory';
COMMENT ON COLUMN calibration.night_departure.band IS 'j, h or k';
COMMENT ON COLUMN calibration.night_departure.camera IS 'Detector configuration';
COMMENT ON COLUMN calibration.night_departure.calibration_id IS 'Product of the block';
COMMENT ON COLUMN calibration.night_departure.place IS 'Place of the night in the order of dates, from 1';
COMMENT ON COLUMN calibration.night_departure.night IS 'Name of the night, such as 980427s';
COMMENT ON COLUMN calibration.night_departure.sha256 IS 'SHA-256 of the product of the night that was compared';
COMMENT ON COLUMN calibration.night_departure.combined IS 'Whether the night counts; false: it departs and was left out';
COMMENT ON COLUMN calibration.night_departure.departs IS 'Names of the departures that are larger than their limits (parameters, section block)';
COMMENT ON COLUMN calibration.night_departure.dark_level_dn IS 'Level of the dark of Read_2 - Read_1 less that of the block [DN]';
COMMENT ON COLUMN calibration.night_departure.dark_structure_dn IS 'Structure of the same difference [DN]';
COMMENT ON COLUMN calibration.night_departure.read1_structure_dn IS 'Structure of the dark of Read_1 less that of the block [DN]';
COMMENT ON COLUMN calibration.night_departure.flat_structure IS 'Structure of the response over that of the block';
COMMENT ON COLUMN calibration.night_departure.flat_noise_ratio IS 'Scatter of the response of pixels over the error of the night''s flat';
COMMENT ON COLUMN calibration.night_departure.mask_share IS 'Share of the pixels that are bad in one of both only';
COMMENT ON COLUMN calibration.night_departure.nonlinearity IS 'Lack of response at the end of the linear range less that of the block';
COMMENT ON COLUMN calibration.night_departure.profile_structure IS 'Difference of point-spread functions from the nearest entry of the other nights, over the core';
COMMENT ON COLUMN calibration.night_departure.well_level IS 'Levels at which pixels are full over those of the other nights, less 1';

GRANT SELECT ON calibration.night_departure TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
