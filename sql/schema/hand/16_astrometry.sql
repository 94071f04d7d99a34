-- Global astrometry: the places of adopted solutions, and cones around them.

-- calibration.place_lines: the adopted offsets of a scan as straight lines, so that a view needs one join and no
-- function (benchmarks/calibrated_view.py). calibration.adopted_scan has them, and says nothing that adoption and scan_astrometry do not
-- say (sql/checks/adopted_places.sql compares them). The stretch of number k lies between the middles of segments k - 3 and k - 2: three
-- stand before the scan and three at least behind it and repeat its first and last one, so that a view need not ask whether a number
-- is one of the scan's. PostgreSQL copies an array of fewer than 13 whenever one of its elements is asked for.
CREATE OR REPLACE VIEW calibration.solved_lines AS
SELECT
    g.scan_key, g.attempt_id, g.astrometry_id,
    g.middle_ra_deg, g.south_deg - 3 * g.segment_deg AS first_deg, g.segment_deg, line.east_deg, line.east_slope, line.north_deg, line.north_slope,
    g.ahead, g.to_the_right, g.start_rad, g.segment_rad,
    CASE WHEN g.ahead IS NOT NULL THEN g.east_arcsec END AS east_arcsec,
    CASE WHEN g.ahead IS NOT NULL THEN g.north_arcsec END AS north_arcsec,
    CASE WHEN g.ahead IS NULL THEN line.error_arcsec
         ELSE ARRAY[(SELECT max(error) FROM unnest(g.error_arcsec) AS error)] END AS error_arcsec
FROM calibration.scan_astrometry AS g
CROSS JOIN LATERAL (
    SELECT
        array_agg(t.east - t.east_slope * t.decl ORDER BY t.k) AS east_deg, array_agg(t.east_slope ORDER BY t.k) AS east_slope,
        array_agg(t.north - t.north_slope * t.decl ORDER BY t.k) AS north_deg, array_agg(t.north_slope ORDER BY t.k) AS north_slope,
        array_agg(t.error ORDER BY t.k) AS error_arcsec
    FROM (
        SELECT
            k, g.east_arcsec[n] / 3600 AS east, (g.east_arcsec[n + 1] - g.east_arcsec[n]) / 3600 / g.segment_deg AS east_slope,
            g.north_arcsec[n] / 3600 AS north, (g.north_arcsec[n + 1] - g.north_arcsec[n]) / 3600 / g.segment_deg AS north_slope,
            greatest(g.error_arcsec[n], g.error_arcsec[n + 1]) AS error, g.south_deg + (n - 0.5) * g.segment_deg AS decl
        FROM generate_series(1, greatest(13, cardinality(g.error_arcsec) + 5)) AS k
        CROSS JOIN LATERAL (SELECT greatest(1, least(k - 3, cardinality(g.error_arcsec) - 1))) AS stretch (n)
    ) AS t
    WHERE g.ahead IS NULL
) AS line;
COMMENT ON VIEW calibration.solved_lines IS 'Offsets of astrometric solutions as straight lines, adopted or not';
CREATE OR REPLACE VIEW calibration.place_lines AS
SELECT a.run_id, l.*
FROM calibration.astrometry_adoption AS a
JOIN calibration.solved_lines AS l ON l.astrometry_id = a.astrometry_id
    AND l.scan_key >= a.night_id << 10 AND l.scan_key < (a.night_id + 1) << 10;
COMMENT ON VIEW calibration.place_lines IS 'What calibration.adopted_place says: offsets of adopted astrometric solutions as straight lines';
DO $comments$
DECLARE
    described record;
BEGIN
    FOR described IN SELECT attname, col_description(attrelid, attnum) AS meaning FROM pg_attribute
                     WHERE attrelid = 'calibration.adopted_place'::regclass AND attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN calibration.place_lines.%I IS %L', described.attname, described.meaning);
        IF described.attname <> 'run_id' THEN
            EXECUTE format('COMMENT ON COLUMN calibration.solved_lines.%I IS %L', described.attname, described.meaning);
        END IF;
    END LOOP;
END
$comments$;

-- For those who ask by a solution that they name, a release above all: the night may have adopted another since.
CREATE OR REPLACE FUNCTION calibration.place_by(ra double precision, decl double precision, solution integer, scan integer, attempt bigint)
RETURNS double precision[] LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $function$
    SELECT calibration.solved_place(ra, decl, ROW(
        0, l.scan_key, l.attempt_id, l.astrometry_id, l.middle_ra_deg, l.first_deg, l.segment_deg, l.east_deg, l.east_slope, l.north_deg,
        l.north_slope, l.ahead, l.to_the_right, l.start_rad, l.segment_rad, l.east_arcsec, l.north_arcsec, l.error_arcsec
    )::calibration.adopted_place)
    FROM calibration.solved_lines AS l
    WHERE l.astrometry_id = solution AND l.scan_key = scan AND l.attempt_id = attempt
$function$;
COMMENT ON FUNCTION calibration.place_by(double precision, double precision, integer, integer, bigint)
    IS 'Place (ICRS degrees: right ascension, declination) of a row by a solution (astrometry_id); null where it has none of the attempt';

-- How much the offset around a place grows from there, along and across: (1 + growth) times a small vector, east + i north, is what the
-- solution makes of it. It is the same in the axes of a directed scan, because a turn of both axes does not change a quotient.
CREATE OR REPLACE FUNCTION calibration.growth_by(ra double precision, decl double precision, solution integer, scan integer, attempt bigint)
RETURNS double precision[] LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $function$
    SELECT CASE
        WHEN l.ahead IS NULL THEN ARRAY[l.north_slope[straight.n], -l.east_slope[straight.n]]
        ELSE ARRAY[
            radians((l.north_arcsec[directed.n + 1] - l.north_arcsec[directed.n]) / 3600) / l.segment_rad,
            -radians((l.east_arcsec[directed.n + 1] - l.east_arcsec[directed.n]) / 3600) / l.segment_rad] END
    FROM calibration.solved_lines AS l
    CROSS JOIN LATERAL (
        SELECT greatest(1, least(cardinality(l.east_deg), (decl - l.first_deg) / l.segment_deg))::integer
    ) AS straight (n)
    CROSS JOIN LATERAL (
        SELECT greatest(0, least(cardinality(l.east_arcsec) - 2, floor(
            (cosd(decl) * cosd(ra) * l.ahead[1] + cosd(decl) * sind(ra) * l.ahead[2] + sind(decl) * l.ahead[3] - l.start_rad)
            / l.segment_rad - 0.5)))::integer + 1
    ) AS directed (n)
    WHERE l.astrometry_id = solution AND l.scan_key = scan AND l.attempt_id = attempt
$function$;
COMMENT ON FUNCTION calibration.growth_by(double precision, double precision, integer, integer, bigint)
    IS 'Real and imaginary part of the growth of an offset around a place by a solution (astrometry_id), from 1; null where it has none';

-- The way back, for who looks at pixels, whose frame is the registered one: an offset changes by parts in ten thousand of a
-- distance, so that the third turn is exact. Vectors, because right ascension has no meaning at a pole.
CREATE OR REPLACE FUNCTION calibration.registered_place(ra double precision, decl double precision, scan calibration.adopted_place)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
    x double precision := cosd(decl) * cosd(ra);
    y double precision := cosd(decl) * sind(ra);
    z double precision := sind(decl);
    place double precision[] := ARRAY[ra, decl];
    moved double precision[];
BEGIN
    IF scan.astrometry_id IS NULL THEN
        RETURN place;
    END IF;
    FOR turn IN 1 .. 3 LOOP
        moved := calibration.solved_place(place[1], place[2], scan);
        x := x + cosd(decl) * cosd(ra) - cosd(moved[2]) * cosd(moved[1]);
        y := y + cosd(decl) * sind(ra) - cosd(moved[2]) * sind(moved[1]);
        z := z + sind(decl) - sind(moved[2]);
        place := ARRAY[calibration.right_ascension(atan2d(y, x)), atan2d(z, sqrt(x * x + y * y))];
    END LOOP;
    RETURN place;
END
$function$;
COMMENT ON FUNCTION calibration.registered_place(double precision, double precision, calibration.adopted_place)
    IS 'Place as registered (ICRS degrees) of which the adopted astrometric solution makes this one; the place itself where there is none';

-- One transaction of a run after the other: a night may adopt zero points while the run adopts places, and each of both would write
-- the rows without what the other one has not committed yet. 28001 is ADOPTIONS of app/db/locks.py.
CREATE OR REPLACE FUNCTION calibration.spread_adopted(of_run integer, of_night integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    SELECT pg_advisory_xact_lock(28001, of_run);
    DELETE FROM calibration.adopted_scan AS s
    WHERE s.run_id = of_run AND s.scan_key >= of_night << 10 AND s.scan_key < (of_night + 1) << 10;
    INSERT INTO calibration.adopted_scan (
        run_id, scan_key, solution_id,
        j_centre_mag, j_slope_mag, j_curvature_mag, j_error_mag,
        h_centre_mag, h_slope_mag, h_curvature_mag, h_error_mag,
        k_centre_mag, k_slope_mag, k_curvature_mag, k_error_mag,
        attempt_id, astrometry_id, middle_ra_deg, first_deg, segment_deg, east_deg, east_slope, north_deg, north_slope,
        ahead, to_the_right, start_rad, segment_rad, east_arcsec, north_arcsec, error_arcsec
    )
    SELECT
        of_run, scan_key, z.solution_id,
        z.j_centre_mag, z.j_slope_mag, z.j_curvature_mag, z.j_error_mag,
        z.h_centre_mag, z.h_slope_mag, z.h_curvature_mag, z.h_error_mag,
        z.k_centre_mag, z.k_slope_mag, z.k_curvature_mag, z.k_error_mag,
        g.attempt_id, g.astrometry_id, g.middle_ra_deg, g.first_deg, g.segment_deg, g.east_deg, g.east_slope, g.north_deg, g.north_slope,
        g.ahead, g.to_the_right, g.start_rad, g.segment_rad, g.east_arcsec, g.north_arcsec, g.error_arcsec
    FROM (
        SELECT
            z.scan_key, a.solution_id,
            max(z.offset_mag - z.quadratic_mag / 3) FILTER (WHERE z.band = 'j') AS j_centre_mag,
            max(z.linear_mag / 256) FILTER (WHERE z.band = 'j') AS j_slope_mag,
            max(z.quadratic_mag / 65536) FILTER (WHERE z.band = 'j') AS j_curvature_mag,
            max(z.error_mag) FILTER (WHERE z.band = 'j') AS j_error_mag,
            max(z.offset_mag - z.quadratic_mag / 3) FILTER (WHERE z.band = 'h') AS h_centre_mag,
            max(z.linear_mag / 256) FILTER (WHERE z.band = 'h') AS h_slope_mag,
            max(z.quadratic_mag / 65536) FILTER (WHERE z.band = 'h') AS h_curvature_mag,
            max(z.error_mag) FILTER (WHERE z.band = 'h') AS h_error_mag,
            max(z.offset_mag - z.quadratic_mag / 3) FILTER (WHERE z.band = 'k') AS k_centre_mag,
            max(z.linear_mag / 256) FILTER (WHERE z.band = 'k') AS k_slope_mag,
            max(z.quadratic_mag / 65536) FILTER (WHERE z.band = 'k') AS k_curvature_mag,
            max(z.error_mag) FILTER (WHERE z.band = 'k') AS k_error_mag
        FROM calibration.adoption AS a
        JOIN calibration.scan_zero_point AS z ON z.solution_id = a.solution_id
            AND z.scan_key >= a.night_id << 10 AND z.scan_key < (a.night_id + 1) << 10
        WHERE a.run_id = of_run AND a.night_id = of_night
        GROUP BY z.scan_key, a.solution_id
    ) AS z
    FULL JOIN (
        SELECT * FROM calibration.place_lines AS l
        WHERE l.run_id = of_run AND l.scan_key >= of_night << 10 AND l.scan_key < (of_night + 1) << 10
    ) AS g USING (scan_key)
$function$;
COMMENT ON FUNCTION calibration.spread_adopted(integer, integer) IS
    'Write the rows of calibration.adopted_scan of a night of a run anew';
REVOKE ALL ON FUNCTION calibration.spread_adopted(integer, integer) FROM PUBLIC;

-- A night adopts a solution, another one, or none any more.
CREATE OR REPLACE FUNCTION calibration.follow_astrometry_adoption() RETURNS trigger
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
COMMENT ON FUNCTION calibration.follow_astrometry_adoption() IS 'Keeps calibration.adopted_scan with calibration.astrometry_adoption';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT OR UPDATE OR DELETE ON calibration.astrometry_adoption
FOR EACH ROW EXECUTE FUNCTION calibration.follow_astrometry_adoption();

-- Offsets that come after their solution was adopted count at once.
CREATE OR REPLACE FUNCTION calibration.follow_astrometry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    PERFORM calibration.spread_adopted(a.run_id, a.night_id)
    FROM calibration.astrometry_adoption AS a
    WHERE EXISTS (SELECT FROM added AS g WHERE g.astrometry_id = a.astrometry_id AND g.scan_key >> 10 = a.night_id);
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_astrometry() IS 'Keeps calibration.adopted_scan with new offsets';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT ON calibration.scan_astrometry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION calibration.follow_astrometry();

-- Indexes are of registered places. No offset is longer than 2 arcsec a coordinate (a constraint of scan_astrometry), so that a
-- circle that is wider by 3 arcsec has all rows whose place lies within, and of those in a circle that is as much narrower nobody has
-- to ask. The functions are inlined: a query of one is planned as if its conditions had been written out. What hangs on the
-- circle alone is a subquery, which is worked out once and not for every row. sin(d/2)^2 = sin(y/2)^2 + cos cos sin(x/2)^2 of a distance
-- d is at most (y^2 + cos cos x^2) / 4, with y and x the differences in declination and right ascension: that is asked first, with
-- the largest cosine in the circle, because a row that holds it needs no trigonometry.
CREATE OR REPLACE FUNCTION wsdb.point_sources_near(ra double precision, decl double precision, radius_deg double precision)
RETURNS SETOF wsdb.point_source LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT p.* FROM wsdb.point_source AS p
    WHERE spoint(radians(p.measured_ra), radians(p.measured_decl))
          <@ (SELECT scircle(spoint(radians($1), radians($2)), radians($3 + 3.0 / 3600)))
      AND ((p.measured_decl - $2) * (p.measured_decl - $2) + (p.measured_ra - $1) * (p.measured_ra - $1)
           * (SELECT cosd($2) * cosd(greatest(0, abs($2) - $3 - 3.0 / 3600)))
           < (SELECT pow(degrees(2 * sind(greatest(0, $3 - 3.0 / 3600) / 2)), 2))
           OR spoint(radians(p.ra), radians(p.decl)) <@ (SELECT scircle(spoint(radians($1), radians($2)), radians($3))))
$function$;
COMMENT ON FUNCTION wsdb.point_sources_near(double precision, double precision, double precision)
    IS 'Rows of wsdb.point_source within a circle around a place (ICRS, degrees), by the index of registered places';
CREATE OR REPLACE FUNCTION wsdb.extended_sources_near(ra double precision, decl double precision, radius_deg double precision)
RETURNS SETOF wsdb.extended_source LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT p.* FROM wsdb.extended_source AS p
    WHERE p.measured_decl BETWEEN $2 - $3 - 3.0 / 3600 AND $2 + $3 + 3.0 / 3600
      AND spoint(radians(p.ra), radians(p.decl)) <@ scircle(spoint(radians($1), radians($2)), radians($3))
$function$;
COMMENT ON FUNCTION wsdb.extended_sources_near(double precision, double precision, double precision)
    IS 'Rows of wsdb.extended_source within a circle around a place (ICRS, degrees)';
