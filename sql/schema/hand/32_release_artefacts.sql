-- What sql/release/47_artefacts.sql stands on: relations of the rules of artefacts, cubes around bright stars, letters.

-- As numpy.interp: beyond the ends of a relation its last value goes on. Straight lines in the logarithm of the distance
-- where `logarithmic` says so (halos).
CREATE OR REPLACE FUNCTION release.along(relation jsonb, value double precision, logarithmic boolean DEFAULT false)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
    point jsonb;
    at double precision;
    result double precision;
    before_at double precision;
    before double precision;
    wanted double precision := CASE WHEN logarithmic THEN ln(greatest(value, 0.1)) ELSE value END;
BEGIN
    IF value IS NULL THEN
        RETURN NULL;
    END IF;
    FOR point IN SELECT jsonb_array_elements(relation) LOOP
        at := CASE WHEN logarithmic THEN ln((point ->> 0)::double precision) ELSE (point ->> 0)::double precision END;
        result := (point ->> 1)::double precision;
        IF wanted <= at THEN
            RETURN CASE WHEN before IS NULL THEN result
                        ELSE before + (result - before) * (wanted - before_at) / (at - before_at) END;
        END IF;
        before_at := at;
        before := result;
    END LOOP;
    RETURN result;
END
$function$;
COMMENT ON FUNCTION release.along(jsonb, double precision, boolean)
    IS 'Value of a relation, an ascending list of pairs with straight lines between';

-- The distance at which a halo is so much fainter than its star.
CREATE OR REPLACE FUNCTION release.halo_reach(relation jsonb, depth double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN exp(release.along(
    (SELECT jsonb_agg(jsonb_build_array((p.point ->> 1)::double precision, ln((p.point ->> 0)::double precision)) ORDER BY p.place)
     FROM jsonb_array_elements(relation) WITH ORDINALITY AS p (point, place)), depth));
COMMENT ON FUNCTION release.halo_reach(jsonb, double precision)
    IS 'Distance in arcsec at which a relation of depths against distances has a depth';

-- As release.cells_within for balls of any size.
CREATE OR REPLACE FUNCTION release.cells_around(
    x double precision, y double precision, z double precision, reach double precision, size double precision
) RETURNS TABLE (cell bigint) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT (i << 42) | (j << 21) | k
    FROM generate_series(floor((x + 2 - reach) / size)::bigint, floor((x + 2 + reach) / size)::bigint) AS i
    CROSS JOIN generate_series(floor((y + 2 - reach) / size)::bigint, floor((y + 2 + reach) / size)::bigint) AS j
    CROSS JOIN generate_series(floor((z + 2 - reach) / size)::bigint, floor((z + 2 + reach) / size)::bigint) AS k
$function$;
COMMENT ON FUNCTION release.cells_around(double precision, double precision, double precision, double precision, double precision)
    IS 'Cubes that a ball around a direction touches, however large it is';

-- The order of the classes is p, c, d, s (background/survey 6.4); b, no artefact, comes last.
CREATE OR REPLACE FUNCTION release.confused(former text, touched boolean, spiked boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN touched AND former NOT IN ('p', 'c') THEN 'c'
            WHEN spiked AND former NOT IN ('p', 'c', 'd') THEN 'd' ELSE former END;
COMMENT ON FUNCTION release.confused(text, boolean, boolean)
    IS 'Letter of cc_flg of a row that the halo or a spike of a star touches in a band';
