-- What people query over HTTP and by psql: a view of each product of each release, the newest release as `current`, the
-- scans, the observations of ObsCore, and TAP_SCHEMA, which tells of them. Descriptions come from the registry
-- (70_descriptions.sql); nothing but the views of a release is made when one is published.

-- The name of a release as part of a name of SQL. Names that differ only in signs are told apart by the key; a name that
-- ends like such a key gets one too, so that no two are alike.
CREATE OR REPLACE FUNCTION catalogue.identifier(release_id integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $function$
    WITH named AS (
        SELECT r.release_id, left(lower(regexp_replace(r.name, '[^A-Za-z0-9]+', '_', 'g')), 40) AS name
        FROM release.release AS r
    )
    SELECT CASE WHEN n.name = 'current' OR n.name ~ '_r[0-9]+$'
                     OR EXISTS (SELECT FROM named AS o WHERE o.name = n.name AND o.release_id < n.release_id)
           THEN n.name || '_r' || n.release_id ELSE n.name END
    FROM named AS n WHERE n.release_id = identifier.release_id
$function$;
COMMENT ON FUNCTION catalogue.identifier(integer) IS 'Name of a release as part of the names of its views';

CREATE OR REPLACE FUNCTION catalogue.current_release() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $function$
    SELECT r.release_id FROM release.release AS r WHERE r.state = 'published' ORDER BY r.published_at DESC, r.release_id DESC LIMIT 1
$function$;
COMMENT ON FUNCTION catalogue.current_release() IS 'Key of the release that was published last; null as long as there is none';

-- The columns of a view of a release; the declination has the name of the published catalogues beside ours.
CREATE OR REPLACE FUNCTION catalogue.column_list(product text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $function$
    SELECT string_agg(CASE WHEN c.column_name = 's_region' THEN 'p.footprint AS s_region' ELSE 'p.' || c.column_name END,
                      ', ' ORDER BY c.column_index) || ', p.decl AS dec'
    FROM catalogue.described_column AS c WHERE c.product = column_list.product
$function$;
COMMENT ON FUNCTION catalogue.column_list(text) IS 'Columns of the views of a product, as SELECT takes them';

CREATE OR REPLACE FUNCTION catalogue.create_view(view text, product text, condition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
DECLARE
    described record;
BEGIN
    EXECUTE format('DROP VIEW IF EXISTS catalogue.%I', view);
    EXECUTE format('CREATE VIEW catalogue.%I AS SELECT %s FROM release.%I AS p WHERE p.release_id = %s',
                   view, catalogue.column_list(product), product, condition);
    EXECUTE format('GRANT SELECT ON catalogue.%I TO mapps_owner, mapps_worker, mapps_operator, mapps_reader', view);
    EXECUTE format('COMMENT ON VIEW catalogue.%I IS %L', view,
                   (SELECT d.title FROM catalogue.described_product AS d WHERE d.product = create_view.product));
    FOR described IN
        SELECT trim(c.column_name, '"') AS name, c.description FROM catalogue.described_column AS c
        WHERE c.product = create_view.product
        UNION ALL SELECT 'dec', 'Declination, ICRS: decl by its name in the published catalogues'
    LOOP
        EXECUTE format('COMMENT ON COLUMN catalogue.%I.%I IS %L', view, described.name, described.description);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION catalogue.create_view(text, text, text) IS 'Make the view of a product for the releases of a condition';

-- Part of a publication: new names, so no reader of another release waits.
CREATE OR REPLACE FUNCTION catalogue.create_views(release_id integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $function$
    SELECT catalogue.create_view(d.product || '_' || catalogue.identifier(create_views.release_id), d.product,
                                 create_views.release_id::text)
    FROM catalogue.described_product AS d WHERE d.released ORDER BY d.place
$function$;
COMMENT ON FUNCTION catalogue.create_views(integer) IS 'Make the views of a release';

-- Releases that were published before this script had its present form, and the newest by the names of the survey.
DO $views$
DECLARE
    former record;
BEGIN
    FOR former IN SELECT c.relname AS name FROM pg_class AS c
                  WHERE c.relnamespace = 'catalogue'::regnamespace AND c.relkind = 'v' AND c.relname ~ '^(psc|xsc|atlas|property_map)_' LOOP
        EXECUTE format('DROP VIEW catalogue.%I', former.name);
    END LOOP;
    PERFORM catalogue.create_views(r.release_id) FROM release.release AS r WHERE r.state = 'published';
    PERFORM catalogue.create_view(d.product || '_current', d.product, 'catalogue.current_release()')
    FROM catalogue.described_product AS d WHERE d.released;
    PERFORM catalogue.create_view(a.name, a.product, 'catalogue.current_release()')
    FROM (VALUES ('fp_psc', 'psc'), ('fp_xsc', 'xsc'), ('twomass_psc', 'psc'),
                 ('twomass_xsc', 'xsc')) AS a (name, product);
END
$views$;

DROP VIEW IF EXISTS catalogue.scan;
CREATE VIEW catalogue.scan AS
SELECT s.scan_key, n.date, n.hemis, s.scan, s.kind, s.tile, s.direction, s.jdate, s.ra, s.decl, s.airmass, s.decl AS dec
FROM survey.scan AS s JOIN survey.night AS n USING (night_id)
WHERE s.kind IN ('sci', 'cal');
COMMENT ON VIEW catalogue.scan IS 'Scans of the sky that were ingested';
DO $comments$
DECLARE
    described record;
BEGIN
    FOR described IN SELECT trim(c.column_name, '"') AS name, c.description FROM catalogue.described_column AS c
                     WHERE c.product = 'scan'
                     UNION ALL SELECT 'dec', 'Declination, ICRS: decl by its name in the published catalogues' LOOP
        EXECUTE format('COMMENT ON COLUMN catalogue.scan.%I IS %L', described.name, described.description);
    END LOOP;
END
$comments$;

-- What the newest release left out: the working database's rows, by the reason of their verdicts.
DROP VIEW IF EXISTS catalogue.pt_src_rej;
CREATE VIEW catalogue.pt_src_rej AS
SELECT p.ra, p.decl AS dec, NULL::text AS rel, v.reason, p.ph_qual, p.rd_flg, p.bl_flg, p.cc_flg, p.j_m, p.j_msigcom, p.h_m,
       p.h_msigcom, p.k_m, p.k_msigcom, p.scan_key, p.src_id
FROM release.verdict AS v
JOIN wsdb.point_source AS p ON p.run_id = v.run_id AND p.src_id = v.src_id
WHERE v.release_id = catalogue.current_release() AND NOT v.released;
COMMENT ON VIEW catalogue.pt_src_rej IS 'Point sources that the newest release left out, with why';
DO $comments$
DECLARE
    described record;
BEGIN
    FOR described IN SELECT trim(c.column_name, '"') AS name, c.description FROM catalogue.described_column AS c
                     WHERE c.product = 'pt_src_rej' LOOP
        EXECUTE format('COMMENT ON COLUMN catalogue.pt_src_rej.%I IS %L', described.name, described.description);
    END LOOP;
END
$comments$;

-- Angle across a polygon, degrees: twice the largest distance of a corner from a place.
CREATE OR REPLACE FUNCTION catalogue.diameter_deg(area spoly, centre spoint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT 2 * degrees(max(spoint(area, corner) <-> centre)) FROM generate_series(1, npoints(area)) AS corner
$function$;
COMMENT ON FUNCTION catalogue.diameter_deg(spoly, spoint) IS 'Diameter of the circle around a place that holds a polygon, degrees';

-- A polygon as DALI and STC-S write it: degrees, in the order in which it stands.
CREATE OR REPLACE FUNCTION catalogue.region_text(area spoly) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT 'POLYGON ICRS ' || string_agg(
               round(degrees(long(spoint(area, corner)))::numeric, 6) || ' ' || round(degrees(lat(spoint(area, corner)))::numeric, 6),
               ' ' ORDER BY corner)
    FROM generate_series(1, npoints(area)) AS corner
$function$;
COMMENT ON FUNCTION catalogue.region_text(spoly) IS 'A polygon as text: POLYGON ICRS, then right ascension and declination of the corners';

CREATE OR REPLACE FUNCTION catalogue.region_text(area scircle) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'CIRCLE ICRS ' || degrees(long(center(area))) || ' ' || degrees(lat(center(area))) || ' ' || degrees(radius(area));
COMMENT ON FUNCTION catalogue.region_text(scircle) IS 'A circle as text: CIRCLE ICRS, right ascension, declination, radius';

CREATE OR REPLACE FUNCTION catalogue.region_text(area spoint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 'POSITION ICRS ' || degrees(long(area)) || ' ' || degrees(lat(area));
COMMENT ON FUNCTION catalogue.region_text(spoint) IS 'A position as text: POSITION ICRS, right ascension, declination';

-- The service says where it is reached by: SET mapps.base_url = 'http://...'.
CREATE OR REPLACE FUNCTION catalogue.base_url() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('mapps.base_url', true), '');
COMMENT ON FUNCTION catalogue.base_url() IS 'Beginning of the addresses in ivoa.obscore, as the session has it';

DROP VIEW IF EXISTS ivoa.obscore;
CREATE VIEW ivoa.obscore AS
SELECT
    'image'::text AS dataproduct_type, 2 AS calib_level, r.name AS obs_collection, a.coadd_key::text AS obs_id,
    'ivo://mapps/atlas?' || catalogue.identifier(a.release_id) || '/' || a.coadd_key || '/' || a.band AS obs_publisher_did,
    catalogue.base_url() || '/datalink?ID=' || catalogue.identifier(a.release_id) || '/' || a.coadd_key || '/' || a.band AS access_url,
    'application/x-votable+xml;content=datalink'::text AS access_format,
    -- Four bytes a pixel.
    (i.width_pix::bigint * i.height_pix * 4 / 1000) AS access_estsize,
    'tile ' || s.tile AS target_name, a.ra AS s_ra, a.decl AS s_dec,
    catalogue.diameter_deg(a.footprint, spoint(radians(a.ra), radians(a.decl))) AS s_fov, a.footprint AS s_region,
    -- Full width at half maximum of a seeing shape (background/survey 2.8).
    (3.13 * i.seeing_shape - 0.46)::double precision AS s_resolution,
    i.width_pix::bigint AS s_xel1, i.height_pix::bigint AS s_xel2,
    (SELECT min(f.mjd) FROM survey.frame AS f WHERE f.scan_key = a.scan_key AND f.band = a.band) AS t_min,
    (SELECT max(f.mjd) FROM survey.frame AS f WHERE f.scan_key = a.scan_key AND f.band = a.band) AS t_max,
    7.8::double precision AS t_exptime, 7.8::double precision AS t_resolution, 1::bigint AS t_xel,
    b.em_min::double precision, b.em_max::double precision, NULL::double precision AS em_res_power, 1::bigint AS em_xel,
    'phot.flux;em.IR.' || upper(a.band) AS o_ucd, NULL::text AS pol_states, 0::bigint AS pol_xel,
    coalesce(site.name, 'unknown') AS facility_name, upper(a.band) AS instrument_name
FROM release.atlas AS a
JOIN release.release AS r ON r.release_id = a.release_id AND r.state = 'published'
JOIN catalogue.band AS b ON b.band = a.band
LEFT JOIN survey.scan AS s ON s.scan_key = a.scan_key
LEFT JOIN survey.night AS n ON n.night_id = s.night_id
LEFT JOIN survey.site AS site ON site.hemis = n.hemis
LEFT JOIN wsdb.atlas_measurement AS i
    ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.band = a.band AND i.coadd_key = a.coadd_key;

-- Tables as people name them, with the view that holds their rows. `current` and the names of the published catalogues
-- stand for the views of the newest release, which the planner sees through.
DROP VIEW IF EXISTS catalogue.described_table CASCADE;
CREATE VIEW catalogue.described_table AS
SELECT t.schema_name, t.table_name, t.product, t.relation, t.table_type, d.utype, t.description, t.release_id, t.place
FROM (
    SELECT 'catalogue' AS schema_name, 'catalogue.' || p.product || '_' || catalogue.identifier(r.release_id) AS table_name,
           p.product, 'catalogue.' || p.product || '_' || catalogue.identifier(r.release_id) AS relation, 'table' AS table_type,
           p.title || ' of release ' || r.name AS description, r.release_id, 100 + 10 * r.release_id + p.place AS place
    FROM release.release AS r CROSS JOIN catalogue.described_product AS p
    WHERE r.state = 'published' AND p.released
    UNION ALL
    SELECT 'catalogue', a.name, a.product, 'catalogue.' || a.released || '_' || catalogue.identifier(r.release_id), 'view',
           p.title || a.words || r.name, r.release_id, a.place
    FROM release.release AS r
    CROSS JOIN (VALUES
        ('catalogue.psc_current', 'psc', 'psc', ' of the newest release, now ', 1),
        ('catalogue.xsc_current', 'xsc', 'xsc', ' of the newest release, now ', 2),
        ('catalogue.atlas_current', 'atlas', 'atlas', ' of the newest release, now ', 3),
        ('catalogue.property_map_current', 'property_map', 'property_map', ' of the newest release, now ', 8),
        ('fp_psc', 'fp_psc', 'psc', ': now ', 4),
        ('twomass_psc', 'fp_psc', 'psc', ': now ', 5),
        ('fp_xsc', 'fp_xsc', 'xsc', ': now ', 6),
        ('twomass_xsc', 'fp_xsc', 'xsc', ': now ', 9)
    ) AS a (name, product, released, words, place)
    JOIN catalogue.described_product AS p ON p.product = a.product
    WHERE r.release_id = catalogue.current_release()
    UNION ALL
    SELECT 'catalogue', p.product, p.product, 'catalogue.' || p.product, 'view', p.title, catalogue.current_release(), 7
    FROM catalogue.described_product AS p
    WHERE p.product = 'pt_src_rej' AND catalogue.current_release() IS NOT NULL
    UNION ALL
    SELECT split_part(a.name, '.', 1), a.name, a.product, a.name, 'table', p.title, NULL::integer, a.place
    FROM (VALUES
        ('catalogue.scan', 'scan', 10), ('ivoa.obscore', 'ivoa.obscore', 20), ('tap_schema.schemas', 'tap_schema.schemas', 30),
        ('tap_schema.tables', 'tap_schema.tables', 31), ('tap_schema.columns', 'tap_schema.columns', 32),
        ('tap_schema.keys', 'tap_schema.keys', 33), ('tap_schema.key_columns', 'tap_schema.key_columns', 34)
    ) AS a (name, product, place)
    JOIN catalogue.described_product AS p ON p.product = a.product
) AS t
JOIN catalogue.described_product AS d ON d.product = t.product;
COMMENT ON VIEW catalogue.described_table IS 'Tables that people query over HTTP, with the relation that holds their rows';
COMMENT ON COLUMN catalogue.described_table.schema_name IS 'Schema for people';
COMMENT ON COLUMN catalogue.described_table.table_name IS 'Name in FROM';
COMMENT ON COLUMN catalogue.described_table.product IS 'List of its columns';
COMMENT ON COLUMN catalogue.described_table.relation IS 'View of the database';
COMMENT ON COLUMN catalogue.described_table.table_type IS 'table or view';
COMMENT ON COLUMN catalogue.described_table.utype IS 'Data model; null where there is none';
COMMENT ON COLUMN catalogue.described_table.description IS 'What it holds';
COMMENT ON COLUMN catalogue.described_table.release_id IS 'Release; null where it is of none';
COMMENT ON COLUMN catalogue.described_table.place IS 'Place in lists';

DROP VIEW IF EXISTS tap_schema.schemas;
CREATE VIEW tap_schema.schemas AS
SELECT s.schema_name, NULL::text AS utype, s.description, s.schema_index
FROM (VALUES
    ('catalogue', 'Catalogues of the releases of this survey, and its scans', 1),
    ('ivoa', 'Images as the ObsCore data model describes observations', 2),
    ('tap_schema', 'Tables about the tables of this service', 3)
) AS s (schema_name, description, schema_index);

DROP VIEW IF EXISTS tap_schema.tables;
CREATE VIEW tap_schema.tables AS
SELECT t.schema_name, t.table_name, t.table_type, t.utype, t.description, t.place AS table_index
FROM catalogue.described_table AS t;

DROP VIEW IF EXISTS tap_schema.columns;
CREATE VIEW tap_schema.columns AS
SELECT t.table_name, c.column_name, c.datatype, c.arraysize, c.xtype, c.size, c.description, c.utype, c.unit, c.ucd, c.indexed,
       c.principal, c.std, c.column_index
FROM catalogue.described_table AS t JOIN catalogue.described_column AS c ON c.product = t.product;

DROP VIEW IF EXISTS tap_schema.keys;
CREATE VIEW tap_schema.keys AS
SELECT k.key_id, k.from_table, k.target_table, NULL::text AS utype, NULL::text AS description FROM catalogue.described_key AS k;

DROP VIEW IF EXISTS tap_schema.key_columns;
CREATE VIEW tap_schema.key_columns AS
SELECT k.key_id, k.from_column, k.target_column FROM catalogue.described_key AS k;

GRANT USAGE ON SCHEMA catalogue, ivoa, tap_schema TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA catalogue, ivoa, tap_schema TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;
REVOKE ALL ON FUNCTION catalogue.create_view(text, text, text), catalogue.create_views(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalogue.create_views(integer) TO mapps_owner;
GRANT USAGE ON SCHEMA access TO mapps_owner, mapps_operator;
GRANT ALL ON ALL TABLES IN SCHEMA access TO mapps_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA access TO mapps_operator;
-- Jobs hold queries of other people: a reader's own query sees none of them.
GRANT USAGE ON ALL SEQUENCES IN SCHEMA access TO mapps_operator;
