-- Photometric adoptions reach calibration.adopted_scan, the row of a scan that the calibrated views join. What it says of zero points
-- is what adoption and scan_zero_point say (sql/checks/adopted_zero_points.sql compares them); it is there because a view that joins
-- those two, band by band, takes three times as long for a cone search as the table (benchmarks/calibrated_view.py). The
-- flat is written as a polynomial in x_scan for the same reason. calibration.spread_adopted: 16_astrometry.sql.

-- A night adopts a solution, another one, or none any more.
CREATE OR REPLACE FUNCTION calibration.follow_adoption() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM calibration.spread_adopted(OLD.run_id, OLD.night_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM calibration.spread_adopted(NEW.run_id, NEW.night_id);
    END IF;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_adoption() IS 'Keeps calibration.adopted_scan with calibration.adoption';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT OR UPDATE OR DELETE ON calibration.adoption
FOR EACH ROW EXECUTE FUNCTION calibration.follow_adoption();

-- Zero points that come after their solution was adopted count at once.
CREATE OR REPLACE FUNCTION calibration.follow_zero_points() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    PERFORM calibration.spread_adopted(a.run_id, a.night_id)
    FROM calibration.adoption AS a
    WHERE EXISTS (SELECT FROM added AS z WHERE z.solution_id = a.solution_id AND z.scan_key >> 10 = a.night_id);
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_zero_points() IS 'Keeps calibration.adopted_scan with new zero points';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT ON calibration.scan_zero_point REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION calibration.follow_zero_points();
