-- What the numbered statements of sql/release/ stand on: which release is being drawn, its parameters, sky geometry,
-- names, the tables of a build, publication, and the content hashes.

-- The statements know their release by a session setting, so that the same text runs from Python and from psql:
--     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/30_candidates.sql
CREATE OR REPLACE FUNCTION release.current_id() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('mapps.release_id')::integer;
COMMENT ON FUNCTION release.current_id() IS 'Release that the session works on: SET mapps.release_id = ...';

-- Files of sql/release/ that work zone by zone find theirs by another one; without it they work in zone 0, which is the whole
-- sky unless zones were made:
--     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -c "SET mapps.zone = 17" -f ...
CREATE OR REPLACE FUNCTION release.current_zone() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('mapps.zone', true), ''), '0')::integer;
COMMENT ON FUNCTION release.current_zone() IS 'Zone of the sky that the session works on: SET mapps.zone = ...';

CREATE OR REPLACE FUNCTION release.parameter(name text) RETURNS double precision
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $function$
DECLARE
    found double precision;
BEGIN
    SELECT (r.parameters ->> parameter.name)::double precision INTO found
    FROM release.release AS r WHERE r.release_id = release.current_id();
    -- A rule without its limit would let everything pass, because comparisons with null are not false.
    IF found IS NULL THEN
        RAISE EXCEPTION 'release % has no parameter %', release.current_id(), name;
    END IF;
    RETURN found;
END
$function$;
COMMENT ON FUNCTION release.parameter(text) IS 'A limit of the release that the session works on; fails when it is not set';

-- Rules of rows by name, in the order in which the first failed one becomes the reason of a verdict. Masks of verdicts
-- have a bit for each; calls with a constant cost nothing, the planner folds them.
CREATE OR REPLACE FUNCTION release.rule_names() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['attempt', 'scan', 'edge', 'artefact', 'no_valid_band', 'snr', 'chi_squared', 'frames', 'piece', 'score',
             'in_scan_duplicate', 'duplicate', 'unseen_by_winner', 'patch'];
COMMENT ON FUNCTION release.rule_names() IS 'Rules of rows, points and extended, in their order';

CREATE OR REPLACE FUNCTION release.rule_bit(name text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 << (array_position(release.rule_names(), name) - 1);
COMMENT ON FUNCTION release.rule_bit(text) IS 'Bit of a rule in passed and failed of a verdict; null for no rule';

CREATE OR REPLACE FUNCTION release.rules(mask integer) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT r.name FROM unnest(release.rule_names()) WITH ORDINALITY AS r (name, place)
             WHERE mask & (1 << (place::integer - 1)) <> 0 ORDER BY place);
COMMENT ON FUNCTION release.rules(integer) IS 'Names of the rules of a mask: SELECT release.rules(failed) FROM release.verdict';

CREATE OR REPLACE FUNCTION release.first_rule(mask integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- The lowest bit alone is a power of two.
RETURN (release.rule_names())[round(ln((mask & -mask)::double precision) / ln(2::double precision))::integer + 1];
COMMENT ON FUNCTION release.first_rule(integer) IS 'First rule of a mask that is not 0';

-- Extended sources by columns that versions of the catalogue have or not: a missing one says nothing. The row is given as
-- JSON, so that the statements stay as they are when a column is added.
CREATE OR REPLACE FUNCTION release.extended_sigma(source jsonb) RETURNS real LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least((source ->> 'j_msig_7')::real, (source ->> 'h_msig_7')::real, (source ->> 'k_msig_7')::real,
             (source ->> 'j_msig_k20fe')::real, (source ->> 'h_msig_k20fe')::real, (source ->> 'k_msig_k20fe')::real);
COMMENT ON FUNCTION release.extended_sigma(jsonb)
    IS 'Least error of the 7 arcsec and, where there are, fiducial isophotal magnitudes of an extended source, mag';

-- True: galaxy-like or merely extended. Where the density is unknown the limit is that of the dense sky, the stricter one.
CREATE OR REPLACE FUNCTION release.extended_score(source jsonb, sparse real, dense real, density real) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least((source ->> 'e_score')::real, (source ->> 'g_score')::real)
       < CASE WHEN (source ->> 'density')::real < density THEN sparse ELSE dense END;
COMMENT ON FUNCTION release.extended_score(jsonb, real, real, real)
    IS 'Whether a score is below the limit of the stellar density; null where there is no score';

-- Chord of the unit sphere under an angle. Separations are compared as squared chords: exact down to micro-arcseconds
-- (an arc cosine is not) and the same, to the last bit, from either end.
CREATE OR REPLACE FUNCTION release.chord(arcsec double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 2 * sin(radians(least(arcsec, 648000) / 3600) / 2);
COMMENT ON FUNCTION release.chord(double precision) IS 'Chord of the unit sphere under an angle in arcsec';

-- Cubes of a grid in space, 21 bits an axis: neighbours are found by a hash join on cubes, in time proportional to the
-- rows and alike at poles and at right ascension 0. The size must exceed 0.3 arcsec (1.5e-6).
CREATE OR REPLACE FUNCTION release.cell(x double precision, y double precision, z double precision, size double precision)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (floor((x + 2) / size)::bigint << 42) | (floor((y + 2) / size)::bigint << 21) | floor((z + 2) / size)::bigint;
COMMENT ON FUNCTION release.cell(double precision, double precision, double precision, double precision)
    IS 'Cube of a grid in space that holds a direction';

-- With cubes wider than twice the reach, at most two on each axis are touched.
CREATE OR REPLACE FUNCTION release.cells_within(
    x double precision, y double precision, z double precision, reach double precision, size double precision
) RETURNS TABLE (cell bigint) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT (low.x + i << 42) | (low.y + j << 21) | (low.z + k)
    FROM (
        -- OFFSET 0 lets the limits be computed once a row, not once a corner.
        SELECT
            floor((x + 2 - reach) / size)::bigint AS x, floor((x + 2 + reach) / size)::bigint AS high_x,
            floor((y + 2 - reach) / size)::bigint AS y, floor((y + 2 + reach) / size)::bigint AS high_y,
            floor((z + 2 - reach) / size)::bigint AS z, floor((z + 2 + reach) / size)::bigint AS high_z
        OFFSET 0
    ) AS low
    JOIN (VALUES (0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)) AS corner (i, j, k)
        ON low.x + i <= low.high_x AND low.y + j <= low.high_y AND low.z + k <= low.high_z
$function$;
COMMENT ON FUNCTION release.cells_within(double precision, double precision, double precision, double precision, double precision)
    IS 'Cubes that a ball around a direction touches; size must exceed twice the reach';

-- Position angle of the second direction seen from the first, east of north, whole degrees 0 .. 359.
CREATE OR REPLACE FUNCTION release.position_angle(
    ra double precision, decl double precision, other_ra double precision, other_decl double precision
) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((round(atan2d(sind(other_ra - ra) * cosd(other_decl),
                      cosd(decl) * sind(other_decl) - sind(decl) * cosd(other_decl) * cosd(other_ra - ra)))::integer + 360)
        % 360)::smallint;
COMMENT ON FUNCTION release.position_angle(double precision, double precision, double precision, double precision)
    IS 'Position angle of the second position seen from the first, east of north, degrees';

-- Planes through the four edges of what all bands of a scan cover in an attempt, as unit normals that point inward: the
-- scalar product with a direction is the sine of its distance from the edge, positive inside. No rows for an attempt that
-- covers nothing. Corners are 1 south-east, 2 south-west, 3 north-east, 4 north-west; whichever way round, inward is
-- where the mean of the corners lies.
CREATE OR REPLACE FUNCTION release.edge_normals(wanted bigint) RETURNS SETOF double precision[]
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    WITH corner AS (
        SELECT p.number, cosd(p.decl) * cosd(p.ra) AS x, cosd(p.decl) * sind(p.ra) AS y, sind(p.decl) AS z
        FROM wsdb.scan_coverage AS s
        CROSS JOIN LATERAL (VALUES (1, s.ra_1, s.dec_1), (2, s.ra_2, s.dec_2), (3, s.ra_3, s.dec_3), (4, s.ra_4, s.dec_4))
            AS p (number, ra, decl)
        WHERE s.attempt_id = wanted AND s.band = '-'
    ),
    middle AS (
        SELECT sum(x) AS x, sum(y) AS y, sum(z) AS z FROM corner
    ),
    plane AS (
        SELECT a.y * b.z - a.z * b.y AS x, a.z * b.x - a.x * b.z AS y, a.x * b.y - a.y * b.x AS z
        FROM (VALUES (1, 2), (4, 3), (2, 4), (3, 1)) AS edge (first, second)
        JOIN corner AS a ON a.number = edge.first
        JOIN corner AS b ON b.number = edge.second
    )
    SELECT ARRAY[p.x / length, p.y / length, p.z / length]
    FROM plane AS p
    CROSS JOIN middle AS m
    CROSS JOIN LATERAL (
        SELECT sqrt(p.x ^ 2 + p.y ^ 2 + p.z ^ 2) * sign(p.x * m.x + p.y * m.y + p.z * m.z) AS length
    ) AS signed
    WHERE length <> 0
$function$;
COMMENT ON FUNCTION release.edge_normals(bigint)
    IS 'Inward unit normals of the planes through the edges of what all bands of an attempt''s scan cover';

-- On the plane that touches the sphere at the place, so that it works at the poles too.
CREATE OR REPLACE FUNCTION release.moved(
    ra double precision, decl double precision, east_arcsec double precision, north_arcsec double precision,
    OUT x double precision, OUT y double precision, OUT z double precision
) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT (cosd(decl) * cosd(ra) - e * sind(ra) - n * sind(decl) * cosd(ra)) / length,
           (cosd(decl) * sind(ra) + e * cosd(ra) - n * sind(decl) * sind(ra)) / length, (sind(decl) + n * cosd(decl)) / length
    FROM (SELECT radians(east_arcsec / 3600) AS e, radians(north_arcsec / 3600) AS n OFFSET 0) AS step
    CROSS JOIN LATERAL (SELECT sqrt(1 + e ^ 2 + n ^ 2) AS length OFFSET 0) AS r
$function$;
COMMENT ON FUNCTION release.moved(double precision, double precision, double precision, double precision)
    IS 'Direction of a place (ICRS degrees) that was moved to the east and north by arcsec';

-- hhmmssss+ddmmsss: right ascension cut at 0.01 s and declination at 0.1 arcsec (background/survey 6.12). Positions have
-- six decimals in a release, so micro-degrees are whole numbers and the cut is exact: 0.01 s = 125/3, 0.1 arcsec = 250/9.
CREATE OR REPLACE FUNCTION release.designation(ra double precision, decl double precision) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT lpad((r / 360000 * 1000000 + r / 6000 % 60 * 10000 + r % 6000)::text, 8, '0')
           || CASE WHEN round(decl * 1e6) < 0 THEN '-' ELSE '+' END
           || lpad((d / 36000 * 100000 + d / 600 % 60 * 1000 + d % 600)::text, 7, '0')
    FROM (SELECT round(ra * 1e6)::bigint * 3 / 125 AS r, round(abs(decl) * 1e6)::bigint * 9 / 250 AS d OFFSET 0) AS cut
$function$;
COMMENT ON FUNCTION release.designation(double precision, double precision)
    IS 'Sexagesimal name made from a position of six decimals, truncated, without a trailing letter';

-- Tables of one build, dropped by its publication. They are ordinary tables, not temporary ones, so that single
-- statements can be run again from psql; unlogged, because a crash throws the whole build away.
CREATE OR REPLACE FUNCTION release.create_work_tables() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    part text;
BEGIN
    -- Scans with their ranks, and what the choice by coverage asks of them.
    CREATE UNLOGGED TABLE release.work_scan (
        run_id integer NOT NULL, scan_key integer NOT NULL, tile integer, attempt_id bigint NOT NULL, admitted boolean NOT NULL,
        rank smallint NOT NULL, score smallint, photometric boolean, reason text NOT NULL, PRIMARY KEY (run_id, scan_key));
    -- What the database held when the build began: later attempts, and those that were open then, are not looked at. `signature`
    -- says what was asked for, `state` what the rows hang on; a build that was killed goes on where both are the same. `texts` are
    -- code and statements, without which nobody joins.
    CREATE UNLOGGED TABLE release.work_moment (
        release_id integer NOT NULL, newest_attempt bigint NOT NULL, open_attempts bigint[] NOT NULL, state text NOT NULL, signature text, texts text);
    -- Zones: ranges of src_id along the sky, with axes of a plane that touches the sphere at the middle (unit vectors to the
    -- east and north) and, once known, the key before their first member.
    CREATE UNLOGGED TABLE release.work_zone (
        zone integer PRIMARY KEY, low bigint NOT NULL, high bigint NOT NULL, rows bigint NOT NULL,
        east_x double precision NOT NULL, east_y double precision NOT NULL, east_z double precision NOT NULL,
        north_x double precision NOT NULL, north_y double precision NOT NULL, north_z double precision NOT NULL,
        members integer, first_key integer);
    -- Ranges of src_id that lie around a zone: what is nearer to it than 100 arcsec.
    CREATE UNLOGGED TABLE release.work_margin (zone integer NOT NULL, low bigint NOT NULL, high bigint NOT NULL);
    -- Files that were worked through in a zone. Whoever works holds the row; who dies lets it go.
    CREATE UNLOGGED TABLE release.work_task (
        pass text NOT NULL, zone integer NOT NULL, done boolean NOT NULL DEFAULT false, PRIMARY KEY (pass, zone));
    CREATE UNLOGGED TABLE release.work_count (
        file text NOT NULL, zone integer NOT NULL, rows bigint NOT NULL, seconds double precision NOT NULL,
        PRIMARY KEY (file, zone));
    -- For each selected scan, the selected scans that overlap it: planes through their edges, normals inward.
    CREATE UNLOGGED TABLE release.work_overlap (
        scan_key integer NOT NULL, other_attempt_id bigint NOT NULL, other_scan_key integer NOT NULL,
        normals double precision[] NOT NULL,
        -- The same, plain: an array's member costs as much as the product that it is for.
        a_x double precision NOT NULL, a_y double precision NOT NULL, a_z double precision NOT NULL,
        b_x double precision NOT NULL, b_y double precision NOT NULL, b_z double precision NOT NULL,
        c_x double precision NOT NULL, c_y double precision NOT NULL, c_z double precision NOT NULL,
        d_x double precision NOT NULL, d_y double precision NOT NULL, d_z double precision NOT NULL);
    -- What scans that overlap others cover in all bands: ranges of HEALPix cells of order 29, disjoint within a scan.
    CREATE UNLOGGED TABLE release.work_covered (
        scan_key integer NOT NULL, first bigint NOT NULL, beyond bigint NOT NULL, PRIMARY KEY (scan_key, first));
    -- Bright stars that scans extracted and listed ones, those that leave artefacts in other scans among them (`parent`), and
    -- the scans that have judged for themselves.
    CREATE UNLOGGED TABLE release.work_bright (
        number bigint PRIMARY KEY, run_id integer, src_id bigint, name text, scan_key integer,
        ra double precision NOT NULL, decl double precision NOT NULL,
        x double precision NOT NULL, y double precision NOT NULL, z double precision NOT NULL,
        star boolean NOT NULL, mag double precision[] NOT NULL, reach_arcsec double precision, reach double precision,
        parent boolean NOT NULL);
    CREATE UNLOGGED TABLE release.work_bright_judged (
        number bigint NOT NULL, scan_key integer NOT NULL, PRIMARY KEY (number, scan_key));
    -- Large extended sources that count for rows of a selected scan: their ellipse, how many times as far their pieces lie, and
    -- the declinations that these span.
    CREATE UNLOGGED TABLE release.work_galaxy (
        scan_key integer NOT NULL, ext_id bigint NOT NULL, src_id bigint,
        ra double precision NOT NULL, decl double precision NOT NULL, low double precision NOT NULL, high double precision NOT NULL,
        radius_arcsec double precision NOT NULL, reach double precision NOT NULL, ba double precision NOT NULL, phi double precision NOT NULL,
        PRIMARY KEY (scan_key, ext_id));
    -- Rows of the catalogue with their name and their number in the zone; their index is made when all are there.
    CREATE UNLOGGED TABLE release.work_zone_member (
        zone integer NOT NULL, number integer NOT NULL, src_id bigint NOT NULL, run_id integer NOT NULL,
        designation text NOT NULL, ra double precision NOT NULL, decl double precision NOT NULL,
        x double precision NOT NULL, y double precision NOT NULL, z double precision NOT NULL,
        use_src smallint NOT NULL, dup_src smallint NOT NULL);
    -- The same with their keys, which are known when all zones have been looked through (54_keys.sql).
    CREATE VIEW release.work_member AS
    SELECT f.first_key + m.number AS pts_key, m.src_id, m.run_id, m.designation, m.ra, m.decl, m.x, m.y, m.z, m.use_src, m.dup_src
    FROM release.work_zone_member AS m JOIN release.work_zone AS f USING (zone);
    -- Rows above a signal-to-noise ratio of 10 by zone and scan, in each band.
    CREATE UNLOGGED TABLE release.work_snr10 (
        zone integer NOT NULL, run_id integer NOT NULL, scan_key integer NOT NULL, j bigint NOT NULL, h bigint NOT NULL, k bigint NOT NULL);
    -- Rows whose nearest neighbour lies outside of the margin of their zone.
    CREATE UNLOGGED TABLE release.work_lonely (pts_key integer PRIMARY KEY);
    -- Hashes of blocks of the catalogue.
    CREATE UNLOGGED TABLE release.work_hash (
        zone integer NOT NULL, pixel bigint NOT NULL, block bigint NOT NULL, rows bigint NOT NULL, hash text NOT NULL);
    CREATE UNLOGGED TABLE release.work_contamination (pts_key integer PRIMARY KEY, gal_contam smallint NOT NULL);
    -- Extended sources that passed the rules; of those of one scan that are one object the best is left.
    CREATE UNLOGGED TABLE release.work_extended (
        ext_id bigint PRIMARY KEY, run_id integer NOT NULL, scan_key integer NOT NULL,
        ra double precision NOT NULL, decl double precision NOT NULL,
        x double precision NOT NULL, y double precision NOT NULL, z double precision NOT NULL,
        edge_arcsec integer NOT NULL, passed smallint NOT NULL, failed smallint NOT NULL, better_ext_id bigint);
    -- What became of those seen, or possibly seen, by more than one scan.
    CREATE UNLOGGED TABLE release.work_extended_resolution (
        ext_id bigint PRIMARY KEY, group_id bigint NOT NULL, use_src smallint, dup_src smallint, winner_ext_id bigint);
    -- Stars of the reference catalogue at rows of the catalogue.
    CREATE UNLOGGED TABLE release.work_association (
        pts_key integer PRIMARY KEY, dist_opt real NOT NULL, phi_opt smallint NOT NULL, b_m_opt real, vr_m_opt real,
        nopt_mchs smallint NOT NULL);
    FOREACH part IN ARRAY ARRAY['scan', 'moment', 'zone', 'margin', 'task', 'count', 'overlap', 'covered', 'bright', 'bright_judged', 'galaxy',
                                'zone_member', 'snr10', 'lonely',
                                'hash', 'contamination', 'extended', 'extended_resolution', 'association'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON release.%I TO mapps_operator', 'work_' || part);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION release.create_work_tables() IS 'Make the tables that the statements of a build hand to each other';

CREATE OR REPLACE FUNCTION release.drop_work_tables() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    DROP VIEW IF EXISTS release.work_member, release.work_psc, release.work_verdict;
    DROP TABLE IF EXISTS release.work_scan, release.work_moment, release.work_zone, release.work_margin, release.work_task,
        release.work_count, release.work_overlap, release.work_covered, release.work_bright, release.work_bright_judged, release.work_galaxy,
        release.work_zone_member, release.work_snr10, release.work_lonely, release.work_hash, release.work_contamination, release.work_extended,
        release.work_extended_resolution, release.work_association
$function$;
COMMENT ON FUNCTION release.drop_work_tables() IS 'Drop the tables of a build';

-- What rows of a release hang on and could change between two zones: accepted attempts of its runs, the solutions that they
-- are seen through, and grades. Attempts that came later are not looked at.
CREATE OR REPLACE FUNCTION release.moment_state() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $function$
BEGIN
    RETURN (
        SELECT concat_ws(' ', md5(string_agg(concat_ws(',', a.attempt_id, z.solution_id, g.astrometry_id), ' ' ORDER BY a.attempt_id)),
                         (SELECT max(g.grade_id) FROM quality.grade AS g JOIN release.parent_run AS r USING (run_id)
                          WHERE r.release_id = release.current_id()))
        FROM release.work_moment AS t
        JOIN release.parent_run AS r ON r.release_id = t.release_id
        JOIN production.attempt AS a ON a.run_id = r.run_id AND a.accepted
        LEFT JOIN calibration.adopted_zero_point AS z ON z.run_id = a.run_id AND z.scan_key = a.scan_key
        LEFT JOIN calibration.adopted_place AS g
            ON g.run_id = a.run_id AND g.scan_key = a.scan_key AND g.attempt_id = a.attempt_id
        WHERE a.attempt_id <= t.newest_attempt AND a.attempt_id <> ALL (t.open_attempts)
    );
END
$function$;
COMMENT ON FUNCTION release.moment_state() IS 'Attempts, solutions and grades that the release of the session is drawn from, as text';

-- The planner must know how many rows a table of the build has: autovacuum cannot look into an open transaction.
CREATE OR REPLACE FUNCTION release.analyze(part text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
BEGIN
    EXECUTE format('ANALYZE release.%I', part);
END
$function$;
COMMENT ON FUNCTION release.analyze(text) IS 'Gather planner statistics of a table of the release schema';

-- The members of all zones are there: from now on they are read by their keys.
CREATE OR REPLACE FUNCTION release.index_members() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    CREATE UNIQUE INDEX IF NOT EXISTS work_zone_member_source ON release.work_zone_member (src_id)
$function$;
COMMENT ON FUNCTION release.index_members() IS 'Index the members of a release that is being built by extraction';

-- Indexes of the catalogue for readers, each by itself, so that several processes of a build can make them at a time.
CREATE OR REPLACE FUNCTION release.create_index(release_id integer, number integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    part text := 'psc_r' || release_id;
BEGIN
    IF EXISTS (SELECT FROM release.release AS r WHERE r.release_id = create_index.release_id AND r.state = 'published') THEN
        RAISE EXCEPTION 'release % is published and never changes', release_id;
    END IF;
    CASE number
    WHEN 0 THEN EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON release.%I USING gist (spoint(radians(ra), radians(decl)))',
                               part || '_position', part);
    WHEN 1 THEN EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON release.%I (designation)', part || '_designation', part);
    WHEN 2 THEN EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON release.%I (src_id)', part || '_source', part);
    END CASE;
END
$function$;
COMMENT ON FUNCTION release.create_index(integer, integer)
    IS 'Make an index of the point sources of a release that is being built: 0 position, 1 name, 2 extraction';

-- Give up a release that is not published: what its build left, and the rows that say what it was to be.
CREATE OR REPLACE FUNCTION release.discard(release_id integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    part text;
BEGIN
    PERFORM FROM release.release AS r WHERE r.release_id = discard.release_id AND r.state = 'building' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'release % is no build that could be given up', release_id
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Published releases never change.';
    END IF;
    PERFORM release.drop_work_tables();
    FOREACH part IN ARRAY ARRAY['psc', 'xsc', 'atlas', 'stamp', 'scn', 'img', 'property_map', 'verdict', 'extended_verdict'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS release.%I', format('%s_r%s', part, release_id));
    END LOOP;
    FOREACH part IN ARRAY ARRAY['manifest', 'map_overview', 'minor_planet', 'artefact', 'extended_artefact', 'patch', 'astrometry', 'solution', 'scan', 'statement', 'parent_run', 'release'] LOOP
        EXECUTE format('DELETE FROM release.%I AS t WHERE t.release_id = $1', part) USING release_id;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION release.discard(integer) IS 'Give up a release that is being built; a published one is refused';

-- Close a release for ever: indexes for readers, guards against change, statistics, state.
CREATE OR REPLACE FUNCTION release.publish(release_id integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
DECLARE
    part text;
    number integer;
    usual text := current_setting('default_statistics_target');
    small boolean := coalesce((SELECT m.rows < 10000000 FROM release.manifest AS m
                               WHERE m.release_id = publish.release_id AND m.product = 'psc' AND m.partition = 'all'), true);
BEGIN
    PERFORM release.drop_work_tables();
    FOR number IN 0 .. 2 LOOP
        PERFORM release.create_index(release_id, number);
    END LOOP;
    part := 'xsc_r' || release_id;
    EXECUTE format('CREATE INDEX %I ON release.%I USING gist (spoint(radians(ra), radians(decl)))', part || '_position', part);
    part := 'property_map_r' || release_id;
    EXECUTE format('CREATE INDEX %I ON release.%I USING gist (spoint(radians(ra), radians(decl)))', part || '_position', part);
    part := 'atlas_r' || release_id;
    EXECUTE format('CREATE INDEX %I ON release.%I USING gist (footprint)', part || '_footprint', part);
    -- Of less than ten million rows 9,000 are as good a sample as 30,000 are of a survey, and take a sixth of the time.
    PERFORM set_config('default_statistics_target', CASE WHEN small THEN '30' ELSE usual END, true);
    FOREACH part IN ARRAY ARRAY['psc', 'xsc', 'atlas', 'stamp', 'scn', 'img', 'property_map', 'verdict', 'extended_verdict'] LOOP
        part := format('%s_r%s', part, release_id);
        EXECUTE format('CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON release.%I'
                       ' FOR EACH ROW EXECUTE FUNCTION release.refuse_change()', part);
        EXECUTE format('CREATE TRIGGER published_truncate BEFORE TRUNCATE ON release.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION release.refuse_change()', part);
        EXECUTE format('ANALYZE release.%I', part);
    END LOOP;
    PERFORM set_config('default_statistics_target', usual, true);
    UPDATE release.release AS r SET state = 'published', published_at = clock_timestamp()
    WHERE r.release_id = publish.release_id;
    PERFORM catalogue.create_views(publish.release_id);
END
$function$;
COMMENT ON FUNCTION release.publish(integer) IS 'Close a release for ever';

REVOKE ALL ON FUNCTION release.create_work_tables(), release.drop_work_tables(), release.analyze(text), release.index_members(),
    release.create_index(integer, integer), release.discard(integer), release.publish(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION release.create_work_tables(), release.drop_work_tables(), release.analyze(text), release.index_members(),
    release.create_index(integer, integer), release.discard(integer), release.publish(integer) TO mapps_owner, mapps_operator;
