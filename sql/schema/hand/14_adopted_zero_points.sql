-- calibration.adopted_zero_point: the adopted zero points of a scan in one row. It says nothing that adoption and
-- scan_zero_point do not say (sql/checks/adopted_zero_points.sql compares them); it is there because a view that joins
-- those two, band by band, takes three times as long for a cone search as the table (benchmarks/calibrated_view.py). The
-- flat is written as a polynomial in x_scan for the same reason.

CREATE OR REPLACE FUNCTION calibration.spread_adoption(of_run integer, of_night integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    DELETE FROM calibration.adopted_zero_point AS z
    WHERE z.run_id = of_run AND z.scan_key >= of_night << 10 AND z.scan_key < (of_night + 1) << 10;
    INSERT INTO calibration.adopted_zero_point (
        run_id, scan_key, solution_id,
        j_centre_mag, j_slope_mag, j_curvature_mag, j_error_mag,
        h_centre_mag, h_slope_mag, h_curvature_mag, h_error_mag,
        k_centre_mag, k_slope_mag, k_curvature_mag, k_error_mag
    )
    SELECT
        a.run_id, z.scan_key, a.solution_id,
        max(z.offset_mag - z.quadratic_mag / 3) FILTER (WHERE z.band = 'j'),
        max(z.linear_mag / 256) FILTER (WHERE z.band = 'j'),
        max(z.quadratic_mag / 65536) FILTER (WHERE z.band = 'j'),
        max(z.error_mag) FILTER (WHERE z.band = 'j'),
        max(z.offset_mag - z.quadratic_mag / 3) FILTER (WHERE z.band = 'h'),
        max(z.linear_mag / 256) FILTER (WHERE z.band = 'h'),
        max(z.quadratic_mag / 65536) FILTER (WHERE z.band = 'h'),
        max(z.error_mag) FILTER (WHERE z.band = 'h'),
        max(z.offset_mag - z.quadratic_mag / 3) FILTER (WHERE z.band = 'k'),
        max(z.linear_mag / 256) FILTER (WHERE z.band = 'k'),
        max(z.quadratic_mag / 65536) FILTER (WHERE z.band = 'k'),
        max(z.error_mag) FILTER (WHERE z.band = 'k')
    FROM calibration.adoption AS a
    JOIN calibration.scan_zero_point AS z ON z.solution_id = a.solution_id
        AND z.scan_key >= a.night_id << 10 AND z.scan_key < (a.night_id + 1) << 10
    WHERE a.run_id = of_run AND a.night_id = of_night
    GROUP BY a.run_id, z.scan_key, a.solution_id
$function$;
COMMENT ON FUNCTION calibration.spread_adoption(integer, integer) IS
    'Write the rows of calibration.adopted_zero_point of a night of a run anew';
REVOKE ALL ON FUNCTION calibration.spread_adoption(integer, integer) FROM PUBLIC;

-- A night adopts a solution, another one, or none any more.
CREATE OR REPLACE FUNCTION calibration.follow_adoption() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM calibration.spread_adoption(OLD.run_id, OLD.night_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM calibration.spread_adoption(NEW.run_id, NEW.night_id);
    END IF;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_adoption() IS 'Keeps calibration.adopted_zero_point with calibration.adoption';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT OR UPDATE OR DELETE ON calibration.adoption
FOR EACH ROW EXECUTE FUNCTION calibration.follow_adoption();

-- Zero points that come after their solution was adopted count at once.
CREATE OR REPLACE FUNCTION calibration.follow_zero_points() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    PERFORM calibration.spread_adoption(a.run_id, a.night_id)
    FROM calibration.adoption AS a
    WHERE EXISTS (SELECT FROM added AS z WHERE z.solution_id = a.solution_id AND z.scan_key >> 10 = a.night_id);
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_zero_points() IS 'Keeps calibration.adopted_zero_point with new zero points';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT ON calibration.scan_zero_point REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION calibration.follow_zero_points();
