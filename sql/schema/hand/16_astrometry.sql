-- Global astrometry: which solution of a run is in force, and places by it.

-- Corrected place: straight lines between the middles of segments, constant beyond the first and last; without offsets the
-- place itself. On the tangent plane to first order: offsets are tenths of an arc second.
CREATE OR REPLACE FUNCTION calibration.corrected_place(
    ra double precision, decl double precision, south_deg double precision, segment_deg double precision,
    east_arcsec double precision[], north_arcsec double precision[], OUT ra_corrected double precision, OUT decl_corrected double precision
) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT
        CASE WHEN south_deg IS NULL THEN ra ELSE
            ra + (east_arcsec[n] + share * (east_arcsec[n + 1] - east_arcsec[n])) / 3600 / greatest(cosd(decl), 1e-6) END,
        CASE WHEN south_deg IS NULL THEN decl ELSE
            least(90, greatest(-90, decl + (north_arcsec[n] + share * (north_arcsec[n + 1] - north_arcsec[n])) / 3600)) END
    FROM (
        SELECT least(cardinality(east_arcsec) - 1, greatest(0, (decl - south_deg) / segment_deg - 0.5)) AS place OFFSET 0
    ) AS p
    CROSS JOIN LATERAL (SELECT least(cardinality(east_arcsec) - 2, floor(p.place))::integer AS below OFFSET 0) AS b
    CROSS JOIN LATERAL (SELECT b.below + 1 AS n, p.place - b.below AS share OFFSET 0) AS s
$function$;
COMMENT ON FUNCTION calibration.corrected_place(double precision, double precision, double precision, double precision,
                                                double precision[], double precision[])
    IS 'Place (ICRS degrees) corrected by the offsets of the segments of its scan';

-- A task of a run makes its solution; the attempt that is accepted has the one in force.
DROP VIEW IF EXISTS wsdb.corrected_source;
DROP VIEW IF EXISTS calibration.astrometry_in_force;
CREATE VIEW calibration.astrometry_in_force AS
SELECT s.astrometry_id, s.run_id, s.content_hash
FROM calibration.astrometry AS s
JOIN production.attempt AS a ON a.attempt_id = s.attempt_id AND a.accepted
JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done';
COMMENT ON VIEW calibration.astrometry_in_force IS 'The astrometric solution of each run that releases apply';
COMMENT ON COLUMN calibration.astrometry_in_force.astrometry_id IS 'Solution';
COMMENT ON COLUMN calibration.astrometry_in_force.run_id IS 'Run';
COMMENT ON COLUMN calibration.astrometry_in_force.content_hash IS 'SHA-256 over its offsets';

CREATE VIEW wsdb.corrected_source AS
SELECT p.run_id, p.src_id, p.scan_key, c.ra_corrected AS ra, c.decl_corrected AS decl, p.ra AS measured_ra, p.decl AS measured_decl, f.astrometry_id
FROM wsdb.point_measurement AS p
LEFT JOIN calibration.astrometry_in_force AS f ON f.run_id = p.run_id
LEFT JOIN calibration.scan_astrometry AS g
    ON g.astrometry_id = f.astrometry_id AND g.scan_key = p.scan_key AND g.attempt_id = p.attempt_id
CROSS JOIN LATERAL calibration.corrected_place(p.ra, p.decl, g.south_deg, g.segment_deg, g.east_arcsec, g.north_arcsec) AS c;
COMMENT ON VIEW wsdb.corrected_source IS 'Places of point-source extractions by the astrometric solution in force of their run';
COMMENT ON COLUMN wsdb.corrected_source.run_id IS 'Run';
COMMENT ON COLUMN wsdb.corrected_source.src_id IS 'Extraction in wsdb.point_measurement';
COMMENT ON COLUMN wsdb.corrected_source.scan_key IS 'Scan';
COMMENT ON COLUMN wsdb.corrected_source.ra IS 'Right ascension, ICRS degrees, corrected';
COMMENT ON COLUMN wsdb.corrected_source.decl IS 'Declination, ICRS degrees, corrected';
COMMENT ON COLUMN wsdb.corrected_source.measured_ra IS 'Right ascension as registered';
COMMENT ON COLUMN wsdb.corrected_source.measured_decl IS 'Declination as registered';
COMMENT ON COLUMN wsdb.corrected_source.astrometry_id IS 'Solution; null: places are as registered';
