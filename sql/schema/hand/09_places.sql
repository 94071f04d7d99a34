-- Places by an astrometric solution, where the straight lines of the calibrated views do not lead (generated/13_calibrated.sql).

-- calibration.adopted_scan, for those who ask for what one of both solutions says.
CREATE OR REPLACE VIEW calibration.adopted_zero_point AS
SELECT
    run_id, scan_key, solution_id, j_centre_mag, j_slope_mag, j_curvature_mag, j_error_mag,
    h_centre_mag, h_slope_mag, h_curvature_mag, h_error_mag, k_centre_mag, k_slope_mag, k_curvature_mag, k_error_mag
FROM calibration.adopted_scan WHERE solution_id IS NOT NULL;
COMMENT ON VIEW calibration.adopted_zero_point IS 'Zero points of adopted photometric solutions, a row a scan';
CREATE OR REPLACE VIEW calibration.adopted_place AS
SELECT
    run_id, scan_key, attempt_id, astrometry_id, middle_ra_deg, first_deg, segment_deg, east_deg, east_slope, north_deg, north_slope,
    ahead, to_the_right, start_rad, segment_rad, east_arcsec, north_arcsec, error_arcsec
FROM calibration.adopted_scan WHERE astrometry_id IS NOT NULL;
COMMENT ON VIEW calibration.adopted_place IS 'Offsets of adopted astrometric solutions, a row a scan';
DO $comments$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT v.attrelid::regclass AS view, v.attname, col_description(t.attrelid, t.attnum) AS meaning
        FROM pg_attribute AS v
        JOIN pg_attribute AS t ON t.attrelid = 'calibration.adopted_scan'::regclass AND t.attname = v.attname
        WHERE v.attrelid IN ('calibration.adopted_zero_point'::regclass, 'calibration.adopted_place'::regclass) AND v.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', described.view, described.attname, described.meaning);
    END LOOP;
END
$comments$;

CREATE OR REPLACE FUNCTION calibration.right_ascension(angle double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN angle - 360 * floor(angle / 360);
COMMENT ON FUNCTION calibration.right_ascension(double precision) IS 'An angle in degrees as right ascension, 0 to 360';

-- Of a scan beyond 60 degrees of declination, or beside right ascension 0: offsets are to the right of its direction and ahead, at the middles of segments along
-- it, with straight lines through them. Beside the middle line an offset that changes by d from one middle to the next is -i d
-- further on a segment to the right, with right + i ahead as a complex number.
CREATE OR REPLACE FUNCTION calibration.directed_place(
    ra double precision, decl double precision, ahead double precision[], to_the_right double precision[], start_rad double precision,
    segment_rad double precision, east_arcsec double precision[], north_arcsec double precision[]
) RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
DECLARE
    x double precision := cosd(decl) * cosd(ra);
    y double precision := cosd(decl) * sind(ra);
    z double precision := sind(decl);
    along double precision := x * ahead[1] + y * ahead[2] + z * ahead[3];
    place double precision := (along - start_rad) / segment_rad - 0.5;
    across double precision := (x * to_the_right[1] + y * to_the_right[2] + z * to_the_right[3]) / segment_rad;
    n integer := greatest(0, least(cardinality(east_arcsec) - 2, floor(place)))::integer + 1;
    share double precision := place - n + 1;
    change_east double precision := east_arcsec[n + 1] - east_arcsec[n];
    change_north double precision := north_arcsec[n + 1] - north_arcsec[n];
    east double precision := radians((east_arcsec[n] + share * change_east + across * change_north) / 3600);
    north double precision := radians((north_arcsec[n] + share * change_north - across * change_east) / 3600);
    -- Ahead in the plane that touches the sphere there.
    level double precision := sqrt(1 - along * along);
    u double precision := (ahead[1] - along * x) / level;
    v double precision := (ahead[2] - along * y) / level;
    w double precision := (ahead[3] - along * z) / level;
    moved_x double precision := x + north * u + east * (v * z - w * y);
    moved_y double precision := y + north * v + east * (w * x - u * z);
    moved_z double precision := z + north * w + east * (u * y - v * x);
BEGIN
    RETURN ARRAY[calibration.right_ascension(atan2d(moved_y, moved_x)), atan2d(moved_z, sqrt(moved_x * moved_x + moved_y * moved_y))];
END
$function$;
COMMENT ON FUNCTION calibration.directed_place(double precision, double precision, double precision[], double precision[], double precision,
                                            double precision, double precision[], double precision[])
    IS 'Place (ICRS degrees: right ascension, declination) with the offset of a directed scan there';

-- For few places; the views of sources have the same written out, which costs them no call.
CREATE OR REPLACE FUNCTION calibration.solved_place(ra double precision, decl double precision, scan calibration.adopted_place)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
    n integer := greatest(1, least(cardinality(scan.east_deg), (decl - scan.first_deg) / scan.segment_deg))::integer;
BEGIN
    RETURN CASE
        WHEN scan.astrometry_id IS NULL THEN ARRAY[ra, decl]
        WHEN scan.ahead IS NOT NULL THEN
            calibration.directed_place(ra, decl, scan.ahead, scan.to_the_right, scan.start_rad, scan.segment_rad, scan.east_arcsec, scan.north_arcsec)
        ELSE ARRAY[
            ra + (scan.east_deg[n] + scan.east_slope[n] * decl) / cosd(decl) + (ra - scan.middle_ra_deg) * scan.north_slope[n],
            decl + scan.north_deg[n] + scan.north_slope[n] * decl - (ra - scan.middle_ra_deg) * cosd(decl) * scan.east_slope[n]] END;
END
$function$;
COMMENT ON FUNCTION calibration.solved_place(double precision, double precision, calibration.adopted_place)
    IS 'Place (ICRS degrees: right ascension, declination) by the adopted astrometric solution; the place itself where there is none';

-- What the views ask for beyond the ends of the lines of a scan, three segments outside it, where no row has been seen.
CREATE OR REPLACE FUNCTION calibration.place_beyond(ra double precision, decl double precision, attempt bigint)
RETURNS double precision[] LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $function$
    SELECT calibration.solved_place(ra, decl, g) FROM calibration.adopted_place AS g WHERE g.attempt_id = attempt
$function$;
COMMENT ON FUNCTION calibration.place_beyond(double precision, double precision, bigint)
    IS 'Place (ICRS degrees: right ascension, declination) of a row of an attempt by the adopted astrometric solution';
