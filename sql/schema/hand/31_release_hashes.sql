-- Content hashes of a release, in plain SQL: anybody who can read the release can recompute its manifest.
--
-- A row is its columns as PostgreSQL sends a row to programs (record_send: the number of columns, then of each the number of its
-- type, its length, -1 for null, and its value, most significant byte first). Releases of version 1 of the hash have rows as
-- PostgreSQL writes them (floats shortest-precise, dates ISO, blanks of CHAR kept), each ended by a line feed.
-- release_id is left out and the run goes in by its name, so equal content has equal hashes in any release and database.
-- Rows go in key order into blocks (psc, xsc: a
-- thousand keys; atlas: a coadd_key; stamp: a thousand keys; scn: a night; img: a scan; mp_mch: a thousand keys;
-- property_map: 1,024 cells that lie together); a block's hash is SHA-256 over its rows, one after the other; the hash of a part of
-- the sky is SHA-256 over the hexadecimal hashes of its blocks, in key order and without anything between them. So
-- memory holds one block of rows at a time. The line `all` of a product is made the same way from all its blocks.
-- Which columns a row is made of depends on the version of the hash that the release keeps (release.hash_version): the
-- lists stand in app/columns/hash_versions.json and, from there, in generated/23_release_content.sql. A column that is added
-- later makes a new version and changes no published hash.
-- Parts: HEALPix order 1, nested = the highest five or six of the 63 bits of src_id or ext_id. Atlas images: only `all`.

-- Blocks of point sources of a half-open range of keys: a build makes them zone by zone (85_hashes.sql).
CREATE OR REPLACE FUNCTION release.psc_blocks(release_id integer, first_key integer, beyond_key integer)
RETURNS TABLE (pixel bigint, block bigint, rows bigint, hash text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public SET extra_float_digits = 1 SET "DateStyle" = 'ISO, YMD' SET "TimeZone" = 'UTC' AS $function$
    SELECT hashed.pixel, b.block, hashed.rows, hashed.hash
    FROM generate_series(
        first_key::bigint / 1000,
        (least(beyond_key - 1, (SELECT max(p.pts_key) FROM release.psc AS p WHERE p.release_id = psc_blocks.release_id)) / 1000)::bigint
    ) AS b (block)
    -- Block by block along the key: sorted as a whole, rows were copied twice, 2 us each.
    CROSS JOIN LATERAL (
        SELECT p.src_id >> 57 AS pixel, count(*) AS rows,
               encode(sha256(string_agg(p.content, '')), 'hex') AS hash
        FROM (
            SELECT q.src_id, q.content FROM release.psc_content AS q
            WHERE q.release_id = psc_blocks.release_id AND q.pts_key >= first_key AND q.pts_key < beyond_key
              AND q.pts_key >= b.block * 1000 AND q.pts_key < (b.block + 1) * 1000
            ORDER BY q.pts_key
        ) AS p
        GROUP BY p.src_id >> 57
    ) AS hashed
$function$;
COMMENT ON FUNCTION release.psc_blocks(integer, integer, integer)
    IS 'Hashes of blocks of a thousand point sources, for a half-open range of keys that begins and ends with a block';

-- Blocks of the other products, which are small.
CREATE OR REPLACE FUNCTION release.other_blocks(release_id integer)
RETURNS TABLE (product text, partition text, pixel bigint, block bigint, rows bigint, hash text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public SET extra_float_digits = 1 SET "DateStyle" = 'ISO, YMD' SET "TimeZone" = 'UTC' AS $function$
    WITH xsc AS (
        SELECT
            'xsc' AS product, (x.ext_id >> 57)::text AS partition, x.ext_id >> 57 AS pixel, x.ext_key / 1000 AS block, count(*) AS rows,
            encode(sha256(string_agg(x.content, '' ORDER BY x.ext_key)), 'hex') AS hash
        FROM release.xsc_content AS x WHERE x.release_id = other_blocks.release_id
        GROUP BY x.ext_id >> 57, x.ext_key / 1000
    ),
    atlas AS (
        SELECT
            'atlas' AS product, NULL AS partition, 0::bigint AS pixel, a.coadd_key AS block, count(*) AS rows,
            encode(sha256(string_agg(a.content, '' ORDER BY a.band)), 'hex') AS hash
        FROM release.atlas_content AS a WHERE a.release_id = other_blocks.release_id
        GROUP BY a.coadd_key
    ),
    stamp AS (
        SELECT
            'stamp' AS product, NULL AS partition, 0::bigint AS pixel, p.ext_key / 1000 AS block, count(*) AS rows,
            encode(sha256(string_agg(p.content, '' ORDER BY p.ext_key)), 'hex') AS hash
        FROM release.stamp_content AS p WHERE p.release_id = other_blocks.release_id
        GROUP BY p.ext_key / 1000
    ),
    scn AS (
        SELECT
            'scn' AS product, NULL AS partition, 0::bigint AS pixel, s.scan_key >> 10 AS block, count(*) AS rows,
            encode(sha256(string_agg(s.content, '' ORDER BY s.scan_key)), 'hex') AS hash
        FROM release.scn_content AS s WHERE s.release_id = other_blocks.release_id
        GROUP BY s.scan_key >> 10
    ),
    img AS (
        SELECT
            'img' AS product, NULL AS partition, 0::bigint AS pixel, i.coadd_key >> 10 AS block, count(*) AS rows,
            encode(sha256(string_agg(i.content, '' ORDER BY i.coadd_key)), 'hex') AS hash
        FROM release.img_content AS i WHERE i.release_id = other_blocks.release_id
        GROUP BY i.coadd_key >> 10
    ),
    mp_mch AS (
        SELECT
            'mp_mch' AS product, NULL AS partition, 0::bigint AS pixel, m.pts_key / 1000 AS block, count(*) AS rows,
            encode(sha256(string_agg(m.content, '' ORDER BY m.pts_key)), 'hex') AS hash
        FROM release.mp_mch_content AS m WHERE m.release_id = other_blocks.release_id
        GROUP BY m.pts_key / 1000
    ),
    property_map AS (
        SELECT
            'property_map' AS product, NULL AS partition, 0::bigint AS pixel, m.pixel >> 10 AS block, count(*) AS rows,
            encode(sha256(string_agg(m.content, '' ORDER BY m.pixel)), 'hex') AS hash
        FROM release.property_map_content AS m WHERE m.release_id = other_blocks.release_id
        GROUP BY m.pixel >> 10
    )
    SELECT * FROM xsc UNION ALL SELECT * FROM atlas UNION ALL SELECT * FROM stamp
    UNION ALL SELECT * FROM scn UNION ALL SELECT * FROM img
    UNION ALL SELECT * FROM mp_mch UNION ALL SELECT * FROM property_map
$function$;
COMMENT ON FUNCTION release.other_blocks(integer) IS 'Hashes of blocks of extended sources, images, scans, minor planets and maps of a release';

CREATE OR REPLACE FUNCTION release.content_hashes(release_id integer)
RETURNS TABLE (product text, partition text, rows bigint, sha256 text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, public SET extra_float_digits = 1 SET "DateStyle" = 'ISO, YMD' SET "TimeZone" = 'UTC' AS $function$
    WITH block AS (
        SELECT 'psc' AS product, p.pixel::text AS partition, p.pixel, p.block, p.rows, p.hash
        FROM release.psc_blocks(content_hashes.release_id, 0, 2147483647) AS p
        UNION ALL SELECT * FROM release.other_blocks(content_hashes.release_id)
    )
    SELECT b.product, b.partition, sum(b.rows)::bigint,
           encode(sha256(convert_to(string_agg(b.hash, '' ORDER BY b.block), 'UTF8')), 'hex')
    FROM block AS b WHERE b.partition IS NOT NULL
    GROUP BY b.product, b.partition
    UNION ALL
    SELECT wanted.product, 'all', coalesce(sum(b.rows), 0)::bigint,
           encode(sha256(convert_to(coalesce(string_agg(b.hash, '' ORDER BY b.pixel, b.block), ''), 'UTF8')), 'hex')
    FROM (VALUES ('psc'), ('xsc'), ('atlas'), ('stamp'), ('scn'), ('img'), ('mp_mch'), ('property_map')) AS wanted (product)
    LEFT JOIN block AS b ON b.product = wanted.product
    GROUP BY wanted.product
$function$;
COMMENT ON FUNCTION release.content_hashes(integer) IS 'Row counts and SHA-256 hashes of a release, by product and part of the sky';
