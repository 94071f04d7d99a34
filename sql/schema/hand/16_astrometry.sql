-- Global astrometry: the places of adopted solutions, and cones around them.

-- calibration.adopted_place: the adopted offsets of a scan in one row, as straight lines, so that a view needs one join and no
-- function (benchmarks/calibrated_view.py). It says nothing that adoption and scan_astrometry do not say
-- (sql/checks/adopted_places.sql compares them). Stretch k lies between the middles of segments k and k + 1.
CREATE OR REPLACE VIEW calibration.place_lines AS
SELECT
    a.run_id, g.scan_key, g.attempt_id, a.astrometry_id,
    CASE WHEN g.ahead IS NULL THEN cardinality(g.error_arcsec) - 1 END::double precision AS stretches,
    g.middle_ra_deg, g.south_deg, g.segment_deg, line.east_deg, line.east_slope, line.north_deg, line.north_slope,
    g.ahead, g.to_the_right, g.start_rad, g.segment_rad,
    CASE WHEN g.ahead IS NOT NULL THEN g.east_arcsec END AS east_arcsec,
    CASE WHEN g.ahead IS NOT NULL THEN g.north_arcsec END AS north_arcsec,
    CASE WHEN g.ahead IS NULL THEN line.error_arcsec
         ELSE ARRAY[(SELECT max(error) FROM unnest(g.error_arcsec) AS error)] END AS error_arcsec
FROM calibration.astrometry_adoption AS a
JOIN calibration.scan_astrometry AS g ON g.astrometry_id = a.astrometry_id
    AND g.scan_key >= a.night_id << 10 AND g.scan_key < (a.night_id + 1) << 10
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
        -- The last stretch is repeated up to 13: PostgreSQL copies an array of fewer whenever one of its elements is asked for.
        FROM generate_series(1, greatest(13, cardinality(g.error_arcsec) - 1)) AS k
        CROSS JOIN LATERAL (SELECT least(k, cardinality(g.error_arcsec) - 1)) AS stretch (n)
    ) AS t
    WHERE g.ahead IS NULL
) AS line;
COMMENT ON VIEW calibration.place_lines IS 'What calibration.adopted_place says: offsets of adopted astrometric solutions as straight lines';
DO $comments$
DECLARE
    described record;
BEGIN
    FOR described IN SELECT attname, col_description(attrelid, attnum) AS meaning FROM pg_attribute
                     WHERE attrelid = 'calibration.adopted_place'::regclass AND attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN calibration.place_lines.%I IS %L', described.attname, described.meaning);
    END LOOP;
END
$comments$;

CREATE OR REPLACE FUNCTION calibration.spread_astrometry(of_run integer, of_night integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    DELETE FROM calibration.adopted_place AS p
    WHERE p.run_id = of_run AND p.scan_key >= of_night << 10 AND p.scan_key < (of_night + 1) << 10;
    INSERT INTO calibration.adopted_place
    SELECT * FROM calibration.place_lines AS l
    WHERE l.run_id = of_run AND l.scan_key >= of_night << 10 AND l.scan_key < (of_night + 1) << 10
$function$;
COMMENT ON FUNCTION calibration.spread_astrometry(integer, integer) IS
    'Write the rows of calibration.adopted_place of a night of a run anew';
REVOKE ALL ON FUNCTION calibration.spread_astrometry(integer, integer) FROM PUBLIC;

-- A night adopts a solution, another one, or none any more.
CREATE OR REPLACE FUNCTION calibration.follow_astrometry_adoption() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM calibration.spread_astrometry(OLD.run_id, OLD.night_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM calibration.spread_astrometry(NEW.run_id, NEW.night_id);
    END IF;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_astrometry_adoption() IS 'Keeps calibration.adopted_place with calibration.astrometry_adoption';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT OR UPDATE OR DELETE ON calibration.astrometry_adoption
FOR EACH ROW EXECUTE FUNCTION calibration.follow_astrometry_adoption();

-- Offsets that come after their solution was adopted count at once.
CREATE OR REPLACE FUNCTION calibration.follow_astrometry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    PERFORM calibration.spread_astrometry(a.run_id, a.night_id)
    FROM calibration.astrometry_adoption AS a
    WHERE EXISTS (SELECT FROM added AS g WHERE g.astrometry_id = a.astrometry_id AND g.scan_key >> 10 = a.night_id);
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION calibration.follow_astrometry() IS 'Keeps calibration.adopted_place with new offsets';
CREATE OR REPLACE TRIGGER adopted AFTER INSERT ON calibration.scan_astrometry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION calibration.follow_astrometry();

-- Indexes are of registered places. No offset is longer than 2 arcsec a coordinate (a constraint of scan_astrometry), so that a
-- circle that is wider by 3 arcsec has all rows whose place lies within, and of those in a circle that is as much narrower nobody has
-- to ask. The functions are inlined: a query of one is planned as if its conditions had been written out.
CREATE OR REPLACE FUNCTION wsdb.point_sources_near(ra double precision, decl double precision, radius_deg double precision)
RETURNS SETOF wsdb.point_source LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT p.* FROM wsdb.point_source AS p
    WHERE spoint(radians(p.measured_ra), radians(p.measured_decl))
          <@ scircle(spoint(radians($1), radians($2)), radians($3 + 3.0 / 3600))
      AND (spoint(radians(p.measured_ra), radians(p.measured_decl))
           <@ scircle(spoint(radians($1), radians($2)), radians(greatest(0, $3 - 3.0 / 3600)))
           OR spoint(radians(p.ra), radians(p.decl)) <@ scircle(spoint(radians($1), radians($2)), radians($3)))
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
