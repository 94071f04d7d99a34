-- Coverage of the sky in SQL. A coverage is an int8multirange of nested HEALPix cells of order 29 (wsdb.scan_coverage):
-- PostgreSQL's own operators unite (+, range_agg), intersect (*), subtract (-) and search (@>) them by halving. pgSphere's
-- `spoint <@ smoc` is not used: for a union of images it missed 4 % of the points inside.

CREATE OR REPLACE FUNCTION wsdb.cell(ra double precision, decl double precision) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN healpix_nest(29, spoint(radians(ra), radians(decl)));
COMMENT ON FUNCTION wsdb.cell(double precision, double precision)
    IS 'Nested HEALPix cell of order 29 of a position in ICRS degrees: SELECT ... WHERE coverage @> wsdb.cell(ra, decl)';

-- 12 * 4^29 cells are the whole sky of 4 pi (10800 / pi)^2 square arc minutes.
CREATE OR REPLACE FUNCTION wsdb.area_arcmin2(coverage int8multirange) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT coalesce(sum(upper(part) - lower(part)), 0)::double precision / 3458764513820540928 * 4 * pi() * (10800 / pi()) ^ 2
    FROM unnest(coverage) AS part
$function$;
COMMENT ON FUNCTION wsdb.area_arcmin2(int8multirange) IS 'Solid angle of a coverage, square arc minutes';

-- All cells that a polygon touches. pgSphere writes them as 'order/cell cell-cell ... order/...'.
CREATE OR REPLACE FUNCTION wsdb.polygon_cells(area spoly, cell_order integer DEFAULT 14) RETURNS int8multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT range_agg(int8range(low << 2 * (29 - depth), (high + 1) << 2 * (29 - depth)))
    FROM regexp_matches(smoc(cell_order, area)::text, '(\d+)/([^/]*)(?=\s\d+/|$)', 'g') AS piece
    CROSS JOIN LATERAL regexp_split_to_table(trim(piece[2]), '[\s,]+') AS span
    CROSS JOIN LATERAL (
        SELECT piece[1]::integer, split_part(span, '-', 1)::bigint, coalesce(nullif(split_part(span, '-', 2), ''), span)::bigint
    ) AS cells (depth, low, high)
    WHERE span <> ''
$function$;
COMMENT ON FUNCTION wsdb.polygon_cells(spoly, integer) IS 'HEALPix cells of an order that a polygon touches, as a coverage';

-- Accepted attempts only: what was taken back covers nothing.
CREATE OR REPLACE FUNCTION wsdb.run_coverage(wanted integer, area spoly, of_band character DEFAULT '-') RETURNS int8multirange
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT coalesce(range_agg(v.coverage), '{}')
    FROM wsdb.scan_coverage AS v
    JOIN production.attempt AS a ON a.attempt_id = v.attempt_id AND a.accepted
    WHERE v.run_id = wanted AND v.band = of_band AND v.footprint && area
$function$;
COMMENT ON FUNCTION wsdb.run_coverage(integer, spoly, character)
    IS 'Union of what the scans of a run that touch a polygon cover, in a band (j, h, k) or in all their bands (-)';

CREATE OR REPLACE FUNCTION wsdb.release_coverage(wanted integer, area spoly, of_band character DEFAULT '-')
RETURNS int8multirange LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT coalesce(range_agg(v.coverage), '{}')
    FROM release.scan AS s
    JOIN wsdb.scan_coverage AS v ON v.attempt_id = s.attempt_id AND v.band = of_band
    WHERE s.release_id = wanted AND s.selected AND v.footprint && area
$function$;
COMMENT ON FUNCTION wsdb.release_coverage(integer, spoly, character)
    IS 'Union of what the selected scans of a release that touch a polygon cover, in a band (j, h, k) or in all (-)';

-- Open places come by HEALPix cell of order 10 (206 arcsec), so that a long gap is a row of places along it. The position
-- is the centre of the cell of order 14 in the middle of the longest open run: always open where coverage is of order 14.
CREATE OR REPLACE FUNCTION wsdb.gaps(area spoly, covered int8multirange)
RETURNS TABLE (ra double precision, decl double precision, open_arcmin2 double precision)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    WITH piece AS (
        SELECT parent, int8range(parent << 38, (parent + 1) << 38) * part AS part
        FROM unnest(wsdb.polygon_cells(area) - covered) AS part
        CROSS JOIN LATERAL generate_series(lower(part) >> 38, upper(part) - 1 >> 38) AS parent
    ),
    place AS (
        SELECT
            parent, range_agg(part) AS open,
            (array_agg(part ORDER BY upper(part) - lower(part) DESC, part))[1] AS longest
        FROM piece GROUP BY parent
    )
    SELECT degrees(long(middle)), degrees(lat(middle)), wsdb.area_arcmin2(open)
    FROM place
    CROSS JOIN LATERAL centre_of_healpix_nest(14, lower(longest) + (upper(longest) - lower(longest)) / 2 >> 30) AS middle
    ORDER BY parent
$function$;
COMMENT ON FUNCTION wsdb.gaps(spoly, int8multirange)
    IS 'Places within a polygon that a coverage leaves open, one for each HEALPix cell of order 10 that is open in part';
